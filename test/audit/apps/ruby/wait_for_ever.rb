# SPDX-License-Identifier: MIT
# The holder renews its lease for as long as it takes, and the others ask every 50 ms without end.
require_relative "traffic"

RELEASE = 'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0'
RENEW = <<~LUA
  if redis.call("get", KEYS[1]) == ARGV[1] then
    return redis.call("pexpire", KEYS[1], ARGV[2])
  end
  return 0
LUA
LEASE_MS = 600

def load_with_renewal(redis, lock, token, key)
  rows = [load_row(key, 0.1)]
  11.times do |part|
    redis.eval(RENEW, keys: [lock], argv: [token, LEASE_MS])
    sleep 0.15
    rows << part
  end
  redis.set(key, rows.to_json, px: rand(700..900))
  rows
end

def get_statistics(redis, year)
  key = "stats:year:#{year}"
  lock = "stats:lock:#{year}"
  loop do
    cached = redis.get(key)
    return JSON.parse(cached) if cached

    token = SecureRandom.uuid
    if redis.set(lock, token, nx: true, px: LEASE_MS)
      begin
        cached = redis.get(key)
        return cached ? JSON.parse(cached) : load_with_renewal(redis, lock, token, key)
      ensure
        redis.eval(RELEASE, keys: [lock], argv: [token])
      end
    end
    sleep 0.05
  end
end

fleet(2) do |number|
  srand(number)
  connections = Hash.new { |all, thread| all[thread] = connect }
  crowd(clients: 4, seconds: 8, seed: number) do
    get_statistics(connections[Thread.current], 2025)
  end
end
