# SPDX-License-Identifier: MIT
# A lock that is released by WATCH, a look at the token, and MULTI/EXEC: no script needed.
require_relative "traffic"

def release(redis, lock, token)
  redis.watch(lock) do
    if redis.get(lock) == token
      redis.multi { |transaction| transaction.del(lock) }
    else
      redis.unwatch
    end
  end
end

def get_team(redis, id)
  key = "league:team:#{id}"
  lock = "league:lock:#{id}"
  deadline = now + 4
  while now < deadline
    cached = redis.get(key)
    return JSON.parse(cached) if cached

    token = SecureRandom.uuid
    if redis.set(lock, token, nx: true, px: 3000)
      begin
        cached = redis.get(key)
        return JSON.parse(cached) if cached

        team = load_row(key, 0.12)
        redis.set(key, team.to_json, px: rand(800..1100))
        return team
      ensure
        release(redis, lock, token)
      end
    end
    sleep rand(0.01..0.05)
  end
  raise "#{key} is still being loaded"
end

fleet(2) do |number|
  srand(number)
  connections = Hash.new { |all, thread| all[thread] = connect }
  crowd(clients: 4, seconds: 5, seed: number) { get_team(connections[Thread.current], 1) }
end
