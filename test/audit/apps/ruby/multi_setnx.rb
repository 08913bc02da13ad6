# SPDX-License-Identifier: MIT
# SETNX and EXPIRE in one MULTI: the loser prolongs the winner's lock, and frees it in the end.
require_relative "traffic"

def get_story(redis, id)
  key = "stories:#{id}"
  lock = "lock:stories:#{id}"
  cached = redis.get(key)
  return JSON.parse(cached) if cached

  begin
    won, = redis.multi do |transaction|
      transaction.setnx(lock, SecureRandom.hex(8))
      transaction.expire(lock, 5)
    end
    unless won
      sleep 0.05
      cached = redis.get(key)
      return cached && JSON.parse(cached)
    end
    story = load_row(key, 0.3)
    redis.set(key, story.to_json, px: rand(800..1000))
    story
  ensure
    redis.del(lock)
  end
end

fleet(2) do |number|
  srand(number)
  redis = connect
  connections = Hash.new { |all, thread| all[thread] = connect }
  crowd(clients: 4, seconds: 6, seed: number) { get_story(connections[Thread.current], 3) }
  redis.close
end
