// SPDX-License-Identifier: MIT

// SET NX decides who is first, but whoever is not, loads and stores just the same.
package main

import (
	"crypto/rand"
	"encoding/hex"
	dice "math/rand"
	"time"

	"github.com/gomodule/redigo/redis"
)

var (
	pool    = newPool()
	release = redis.NewScript(1, `
		if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
		return 0`)
)

func token() string {
	var bytes [16]byte
	_, err := rand.Read(bytes[:])
	must(err)
	return hex.EncodeToString(bytes[:])
}

func getSchedule(line string) string {
	conn := pool.Get()
	defer conn.Close()
	key, lock := "transit:schedule:"+line, "transit:lock:"+line
	if cached, err := redis.String(conn.Do("GET", key)); err == nil {
		return cached
	}
	mine := token()
	won, err := redis.String(conn.Do("SET", lock, mine, "NX", "PX", 3000))
	if err != nil && err != redis.ErrNil {
		must(err)
	}
	if won == "OK" {
		defer release.Do(conn, lock, mine)
	} else {
		time.Sleep(30 * time.Millisecond) // somebody else is at it
		if cached, err := redis.String(conn.Do("GET", key)); err == nil {
			return cached
		}
	}
	schedule := load(key, 200*time.Millisecond)
	_, err = conn.Do("SET", key, schedule, "PX", 900+dice.Intn(200))
	must(err)
	return schedule
}

func main() {
	fleet(2, func(number int) {
		crowd(5, 6*time.Second, number, func(*dice.Rand) { getSchedule("tram-4") })
	})
}
