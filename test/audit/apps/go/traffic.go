// SPDX-License-Identifier: MIT

// What drives the applications of this folder: clients, processes and an origin that counts.
// Nothing in here caches anything. An application's own file holds all of its caching code.
package main

import (
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
)

func newPool() *redis.Pool {
	return &redis.Pool{
		MaxIdle:     20,
		IdleTimeout: time.Minute,
		Dial:        func() (redis.Conn, error) { return redis.DialURL(os.Getenv("REDIS_URL")) },
	}
}

// load is the database: it takes its time, and leaves a line in the log named by ORIGIN_LOG.
func load(key string, takes time.Duration) string {
	if log := os.Getenv("ORIGIN_LOG"); log != "" {
		out, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		must(err)
		fmt.Fprintf(out, "load %s\n", key)
		must(out.Close())
	}
	time.Sleep(takes)
	return `{"key":"` + key + `","text":"` + strings.Repeat("x", 60) + `"}`
}

// crowd runs clients that call ask again and again, with a pause of 10 to 40 ms between.
func crowd(clients int, lasts time.Duration, seed int, ask func(dice *rand.Rand)) {
	end := time.Now().Add(lasts)
	var all sync.WaitGroup
	for number := 0; number < clients; number++ {
		all.Add(1)
		go func(number int) {
			defer all.Done()
			dice := rand.New(rand.NewSource(int64(seed*1000 + number)))
			for time.Now().Before(end) {
				ask(dice)
				time.Sleep(time.Duration(10+dice.Intn(30)) * time.Millisecond)
			}
		}(number)
	}
	all.Wait()
}

// fleet runs main in that many processes of this program, and waits for them.
func fleet(processes int, main func(number int)) {
	if number := os.Getenv("FLEET_NUMBER"); number != "" {
		mine, err := strconv.Atoi(number)
		must(err)
		main(mine)
		return
	}
	var children []*exec.Cmd
	for number := 0; number < processes; number++ {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), fmt.Sprintf("FLEET_NUMBER=%d", number))
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		must(child.Start())
		children = append(children, child)
	}
	for _, child := range children {
		must(child.Wait())
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
