// SPDX-License-Identifier: MIT

// One process: an entry has its measured load time, and is loaded again before its end, at random
// and the earlier the longer a load takes; singleflight lets one goroutine do it.
package main

import (
	"encoding/json"
	"math"
	"math/rand"
	"time"

	"github.com/gomodule/redigo/redis"
	"golang.org/x/sync/singleflight"
)

type entry struct {
	Value string        `json:"value"`
	Ends  time.Time     `json:"ends"`
	Took  time.Duration `json:"took"`
}

var (
	pool   = newPool()
	flight singleflight.Group
)

func (e entry) isDue(dice *rand.Rand) bool {
	early := time.Duration(float64(e.Took) * -math.Log(1-dice.Float64()))
	return time.Now().Add(early).After(e.Ends)
}

func refresh(key string, lives time.Duration) string {
	value, _, _ := flight.Do(key, func() (interface{}, error) {
		begun := time.Now()
		made := entry{Value: load(key, 90*time.Millisecond)}
		made.Took, made.Ends = time.Since(begun), time.Now().Add(lives)
		text, err := json.Marshal(made)
		must(err)
		conn := pool.Get()
		defer conn.Close()
		_, err = conn.Do("SET", key, text, "PX", lives.Milliseconds())
		must(err)
		return made.Value, nil
	})
	return value.(string)
}

func getTide(port string, dice *rand.Rand) string {
	key := "sea:v1:tide:" + port
	conn := pool.Get()
	text, err := redis.Bytes(conn.Do("GET", key))
	conn.Close()
	var found entry
	if err == nil && json.Unmarshal(text, &found) == nil && !found.isDue(dice) {
		return found.Value
	}
	return refresh(key, time.Duration(900+dice.Intn(300))*time.Millisecond)
}

func main() {
	crowd(8, 6*time.Second, 5, func(dice *rand.Rand) { getTide("dover", dice) })
}
