// SPDX-License-Identifier: MIT

// HSET and EXPIRE as two commands, and fields of a hash as the cached value. The loads are
// coalesced, and there is one process.
package main

import (
	"fmt"
	"math/rand"
	"time"

	"github.com/gomodule/redigo/redis"
	"golang.org/x/sync/singleflight"
)

var (
	pool    = newPool()
	flights singleflight.Group
)

func read(key string) (map[string]string, error) {
	conn := pool.Get()
	defer conn.Close()
	return redis.StringMap(conn.Do("HGETALL", key))
}

func getCourse(number int) map[string]string {
	key := fmt.Sprintf("school:course:%d", number)
	course, err := read(key)
	must(err)
	if len(course) > 0 {
		return course
	}
	shared, err, _ := flights.Do(key, func() (interface{}, error) {
		if course, err := read(key); err != nil || len(course) > 0 {
			return course, err
		}
		row := load(key, 60*time.Millisecond)
		conn := pool.Get()
		defer conn.Close()
		if _, err := conn.Do("HSET", key, "row", row, "room", "101"); err != nil {
			return nil, err
		}
		_, err := conn.Do("PEXPIRE", key, 800+rand.Intn(400))
		return map[string]string{"row": row, "room": "101"}, err
	})
	must(err)
	return shared.(map[string]string)
}

func main() {
	fleet(1, func(number int) {
		crowd(6, 5*time.Second, number, func(dice *rand.Rand) { getCourse(1 + dice.Intn(4)) })
	})
}
