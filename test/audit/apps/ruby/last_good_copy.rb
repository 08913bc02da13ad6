# SPDX-License-Identifier: MIT
# Beside each entry a last good copy that lives longer, stored in the same transaction: while one
# caller loads, the others answer from the copy, and only a first, cold load is waited for.
require_relative "traffic"

RELEASE = <<~LUA
  if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end
  return 0
LUA

def load_once(redis, key)
  token = SecureRandom.hex(16)
  return nil unless redis.set("#{key}:lock", token, nx: true, px: 2500)

  begin
    cached = redis.get(key)
    return JSON.parse(cached) if cached

    row = load_row(key, 0.15)
    redis.multi do |transaction|
      transaction.set(key, row.to_json, px: rand(700..1000))
      transaction.set("#{key}:last", row.to_json, px: 30_000)
    end
    row
  ensure
    redis.eval(RELEASE, keys: ["#{key}:lock"], argv: [token])
  end
end

def get_exhibit(redis, id)
  key = "museum:exhibit:#{id}"
  deadline = now + 4
  while now < deadline
    cached = redis.get(key)
    return JSON.parse(cached) if cached

    loaded = load_once(redis, key)
    return loaded if loaded

    last = redis.get("#{key}:last")
    return JSON.parse(last) if last

    sleep rand(0.01..0.04)
  end
  raise "#{key} is still being loaded"
end

fleet(2) do |number|
  srand(number)
  connections = Hash.new { |all, thread| all[thread] = connect }
  crowd(clients: 4, seconds: 5, seed: number) { get_exhibit(connections[Thread.current], 1) }
end
