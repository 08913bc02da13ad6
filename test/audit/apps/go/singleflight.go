// SPDX-License-Identifier: MIT

// singleflight coalesces the loads of one process; four processes load four times.
package main

import (
	"math/rand"
	"time"

	"github.com/gomodule/redigo/redis"
	"golang.org/x/sync/singleflight"
)

var (
	pool    = newPool()
	flights singleflight.Group
)

func get(key string) (string, error) {
	conn := pool.Get()
	defer conn.Close()
	return redis.String(conn.Do("GET", key))
}

func getQuote(symbol string) string {
	key := "quotes:v1:" + symbol
	if quote, err := get(key); err == nil {
		return quote
	}
	quote, _, _ := flights.Do(key, func() (interface{}, error) {
		if quote, err := get(key); err == nil {
			return quote, nil
		}
		quote := load(key, 200*time.Millisecond)
		conn := pool.Get()
		defer conn.Close()
		_, err := conn.Do("SET", key, quote, "PX", 900+rand.Intn(100))
		return quote, err
	})
	return quote.(string)
}

func main() {
	fleet(4, func(number int) {
		crowd(6, 6*time.Second, number, func(*rand.Rand) { getQuote("ACME") })
	})
}
