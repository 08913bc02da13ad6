# SPDX-License-Identifier: MIT
"""Value, age and refresher in one hash, read and written by scripts only: an old value is handed
out, and one caller is told to refresh it; a cold key names its one loader."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
FRESH_MS, KEPT_MS, LEASE_MS = 700, 30000, 2000
look = r.register_script("""
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local entry = redis.call('hmget', KEYS[1], 'value', 'fresh_until', 'owner', 'owner_until')
local is_free = not entry[3] or now >= tonumber(entry[4])
local is_old = not entry[1] or now >= tonumber(entry[2])
if is_old and is_free then
  redis.call('hset', KEYS[1], 'owner', ARGV[1], 'owner_until', now + ARGV[2])
  redis.call('pexpire', KEYS[1], ARGV[3])
  return {'load', entry[1] or ''}
end
return {entry[1] and 'hit' or 'wait', entry[1] or ''}
""")
fill = r.register_script("""
if redis.call('hget', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('hset', KEYS[1], 'value', ARGV[2], 'fresh_until', now + ARGV[3])
redis.call('hdel', KEYS[1], 'owner', 'owner_until')
redis.call('pexpire', KEYS[1], ARGV[4])
return 1
""")


def get_ranking(game):
    key = f"arcade:ranking:{game}"
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        owner = uuid.uuid4().hex
        outcome, value = look(keys=[key], args=[owner, LEASE_MS, KEPT_MS])
        if outcome == "load":
            text = json.dumps(traffic.load(key, 0.15))
            fill(keys=[key], args=[owner, text, int(FRESH_MS * random.uniform(0.9, 1.1)), KEPT_MS])
            return json.loads(value or text)
        if outcome == "hit":
            return json.loads(value)
        time.sleep(random.uniform(0.01, 0.04))
    raise TimeoutError(key)


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_ranking("tetris"), clients=5, seconds=5, seed=number)


traffic.fleet(main, processes=2)
