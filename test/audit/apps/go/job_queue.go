// SPDX-License-Identifier: MIT

// Not a cache: a queue with blocking pops, a list of work in progress, and counters.
package main

import (
	"fmt"
	"math/rand"
	"time"

	"github.com/gomodule/redigo/redis"
)

var pool = newPool()

func work(end time.Time) {
	conn := pool.Get()
	defer conn.Close()
	for time.Now().Before(end) {
		job, err := redis.String(conn.Do("BRPOPLPUSH", "jobs:ready", "jobs:running", 1))
		if err == redis.ErrNil {
			continue
		}
		must(err)
		time.Sleep(15 * time.Millisecond)
		must(conn.Send("MULTI"))
		must(conn.Send("LREM", "jobs:running", 1, job))
		must(conn.Send("HINCRBY", "jobs:stats", "done", 1))
		_, err = conn.Do("EXEC")
		must(err)
	}
}

func offer(dice *rand.Rand) {
	conn := pool.Get()
	defer conn.Close()
	job := fmt.Sprintf("mail:%d", dice.Intn(10000))
	_, err := conn.Do("LPUSH", "jobs:ready", job)
	must(err)
	_, err = conn.Do("INCR", "jobs:offered")
	must(err)
}

func main() {
	fleet(2, func(number int) {
		if number == 0 {
			crowd(3, 5*time.Second, number, offer)
			return
		}
		end := time.Now().Add(6 * time.Second)
		for worker := 0; worker < 3; worker++ {
			go work(end)
		}
		work(end)
	})
}
