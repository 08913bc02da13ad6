# SPDX-License-Identifier: MIT
# What drives the applications of this folder: processes and threads that ask, and an origin that
# counts. Nothing in here caches anything. An application's own file holds all of its caching code.

require "json"
require "redis"
require "securerandom"

def connect(**options)
  Redis.new(url: ENV.fetch("REDIS_URL", "redis://127.0.0.1:6379"), **options)
end

# The database: takes its time, and leaves a line in the log named by ORIGIN_LOG.
def load_row(key, seconds)
  File.write(ENV["ORIGIN_LOG"], "load #{key}\n", mode: "a") if ENV["ORIGIN_LOG"]
  sleep seconds
  { "key" => key, "loaded_at" => Time.now.to_f, "text" => "x" * 60 }
end

# Threads that call the block with dice, again and again, with a pause of 10 to 40 ms between.
def crowd(clients: 8, seconds: 5, seed: 1)
  finish = now + seconds
  threads = Array.new(clients) do |number|
    Thread.new do
      dice = Random.new(seed * 1000 + number)
      while now < finish
        yield dice
        sleep dice.rand(0.01..0.04)
      end
    end
  end
  threads.each(&:join)
end

# Runs the block in that many processes, and waits for them; fails if one of them did.
def fleet(processes = 2)
  children = Array.new(processes) { |number| fork { yield number } }
  failed = children.reject { |child| Process.wait2(child)[1].success? }
  abort "processes failed: #{failed}" unless failed.empty?
end

def now
  Process.clock_gettime(Process::CLOCK_MONOTONIC)
end
