// SPDX-License-Identifier: MIT

// Who loses the lock subscribes, looks once more, and sleeps until the holder publishes that the
// value is there; a lease bounds the wait should the holder have died.
package main

import (
	"crypto/rand"
	"encoding/hex"
	dice "math/rand"
	"os"
	"time"

	"github.com/gomodule/redigo/redis"
)

const lease = 2 * time.Second

var (
	pool = newPool()
	done = redis.NewScript(1, `
		if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
		redis.call("DEL", KEYS[1])
		return redis.call("PUBLISH", ARGV[2], "filled")`)
)

func token() string {
	var bytes [16]byte
	_, err := rand.Read(bytes[:])
	must(err)
	return hex.EncodeToString(bytes[:])
}

func read(key string) (string, bool) {
	conn := pool.Get()
	defer conn.Close()
	value, err := redis.String(conn.Do("GET", key))
	return value, err == nil
}

// await returns when a message came, the value is there, or the lease must be over.
func await(key string) {
	conn, err := redis.DialURL(os.Getenv("REDIS_URL"))
	must(err)
	defer conn.Close()
	news := redis.PubSubConn{Conn: conn}
	must(news.Subscribe("news:" + key))
	news.Receive() // the confirmation
	if _, found := read(key); found {
		return
	}
	news.ReceiveWithTimeout(lease)
}

func loadAsHolder(key, lock, mine string) string {
	conn := pool.Get()
	defer conn.Close()
	defer func() {
		_, err := done.Do(conn, lock, mine, "news:"+key)
		must(err)
	}()
	if value, found := read(key); found {
		return value
	}
	value := load(key, 180*time.Millisecond)
	_, err := conn.Do("SET", key, value, "PX", 700+dice.Intn(300))
	must(err)
	return value
}

func getBook(id string) string {
	key, lock := "library:book:"+id, "library:lock:"+id
	for attempt := 0; attempt < 8; attempt++ {
		if value, found := read(key); found {
			return value
		}
		conn := pool.Get()
		mine := token()
		won, err := redis.String(conn.Do("SET", lock, mine, "NX", "PX", lease.Milliseconds()))
		conn.Close()
		if err == nil && won == "OK" {
			return loadAsHolder(key, lock, mine)
		}
		await(key)
	}
	panic(key + " is still being loaded")
}

func main() {
	fleet(2, func(number int) {
		dice.Seed(int64(number))
		crowd(4, 5*time.Second, number, func(*dice.Rand) { getBook("42") })
	})
}
