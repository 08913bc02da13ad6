// SPDX-License-Identifier: MIT

// A lock with a random token, renewed by a goroutine while the load runs; the value is stored only
// by a script that finds the token still there.
package main

import (
	"crypto/rand"
	"encoding/hex"
	dice "math/rand"
	"time"

	"github.com/gomodule/redigo/redis"
)

const lease = 900 * time.Millisecond

var (
	pool   = newPool()
	extend = redis.NewScript(1, `
		if redis.call("GET", KEYS[1]) == ARGV[1] then
			return redis.call("PEXPIRE", KEYS[1], ARGV[2])
		end
		return 0`)
	release = redis.NewScript(1, `
		if redis.call("GET", KEYS[1]) == ARGV[1] then
			return redis.call("DEL", KEYS[1])
		end
		return 0`)
	storeIfOwner = redis.NewScript(2, `
		if redis.call("GET", KEYS[1]) ~= ARGV[1] then
			return 0
		end
		redis.call("SET", KEYS[2], ARGV[2], "PX", ARGV[3])
		return 1`)
)

func token() string {
	var bytes [20]byte
	_, err := rand.Read(bytes[:])
	must(err)
	return hex.EncodeToString(bytes[:])
}

func keep(lock, mine string, done <-chan struct{}) {
	conn := pool.Get()
	defer conn.Close()
	for {
		select {
		case <-done:
			return
		case <-time.After(lease / 4):
			kept, err := redis.Int(extend.Do(conn, lock, mine, lease.Milliseconds()))
			if err != nil || kept == 0 {
				return
			}
		}
	}
}

func loadAsOwner(conn redis.Conn, key, lock, mine string) string {
	defer release.Do(conn, lock, mine)
	if cached, err := redis.String(conn.Do("GET", key)); err == nil {
		return cached
	}
	done := make(chan struct{})
	go keep(lock, mine, done)
	value := load(key, 1200*time.Millisecond)
	close(done)
	_, err := storeIfOwner.Do(conn, lock, key, mine, value, 1000+dice.Intn(300))
	must(err)
	return value
}

func getModel(name string) string {
	conn := pool.Get()
	defer conn.Close()
	key, lock := "ml:v1:{"+name+"}:model", "ml:v1:{"+name+"}:lock"
	for attempt := 0; attempt < 200; attempt++ {
		if cached, err := redis.String(conn.Do("GET", key)); err == nil {
			return cached
		}
		mine := token()
		won, err := redis.String(conn.Do("SET", lock, mine, "NX", "PX", lease.Milliseconds()))
		if err == nil && won == "OK" {
			return loadAsOwner(conn, key, lock, mine)
		}
		time.Sleep(time.Duration(10+dice.Intn(60)) * time.Millisecond)
	}
	return ""
}

func main() {
	fleet(2, func(number int) {
		dice.Seed(int64(number))
		crowd(4, 8*time.Second, number, func(*dice.Rand) { getModel("ranking") })
	})
}
