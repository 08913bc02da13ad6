// SPDX-License-Identifier: MIT

// One process owns the entries and renews each of them well before it ends, in its own rhythm.
// The others only read, and have a default for what is not there.
package main

import (
	"fmt"
	"math/rand"
	"time"

	"github.com/gomodule/redigo/redis"
)

const cities = 30

var pool = newPool()

func key(city int) string { return fmt.Sprintf("weather:v2:%d", city) }

func keepWarm(end time.Time) {
	conn := pool.Get()
	defer conn.Close()
	dice := rand.New(rand.NewSource(1))
	var due [cities]time.Time
	for time.Now().Before(end) {
		for city := range due {
			if time.Now().Before(due[city]) {
				continue
			}
			ttl := 2000 + dice.Intn(1000)
			_, err := conn.Do("SET", key(city), load(key(city), 5*time.Millisecond), "PX", ttl)
			must(err)
			due[city] = time.Now().Add(time.Duration(ttl/2+dice.Intn(300)) * time.Millisecond)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func read(city int) string {
	conn := pool.Get()
	defer conn.Close()
	weather, err := redis.String(conn.Do("GET", key(city)))
	if err == redis.ErrNil {
		return "unknown"
	}
	must(err)
	return weather
}

func main() {
	fleet(3, func(number int) {
		if number == 0 {
			keepWarm(time.Now().Add(6 * time.Second))
			return
		}
		crowd(5, 5*time.Second, number, func(dice *rand.Rand) { read(dice.Intn(cities)) })
	})
}
