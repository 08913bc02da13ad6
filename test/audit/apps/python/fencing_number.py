# SPDX-License-Identifier: MIT
"""The lock hands out a number that only grows, and a value is stored by a script that refuses a
lower number than the last one: a holder that came too late stores nothing."""

import json
import random
import time

import traffic

r = traffic.connect()
acquire = r.register_script("""
if redis.call('exists', KEYS[1]) == 1 then return 0 end
local number = redis.call('incr', KEYS[2])
redis.call('set', KEYS[1], number, 'PX', ARGV[1])
return number
""")
store = r.register_script("""
local last = tonumber(redis.call('hget', KEYS[1], 'fence') or '0')
if tonumber(ARGV[1]) < last then return 0 end
redis.call('hset', KEYS[1], 'fence', ARGV[1], 'value', ARGV[2])
redis.call('pexpire', KEYS[1], ARGV[3])
return 1
""")
release = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def get_quote(symbol):
    key, lock, fence = (f"stock:{{{symbol}}}:{part}" for part in ("quote", "lock", "fence"))
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        cached = r.hget(key, "value")
        if cached is not None:
            return json.loads(cached)
        number = acquire(keys=[lock, fence], args=[2000])
        if number:
            try:
                return load_fenced(key, number)
            finally:
                release(keys=[lock], args=[number])
        time.sleep(random.uniform(0.01, 0.05))
    raise TimeoutError(key)


def load_fenced(key, number):
    cached = r.hget(key, "value")
    if cached is None:
        cached = json.dumps(traffic.load(key, 0.15))
        store(keys=[key], args=[number, cached, random.randint(700, 1000)])
    return json.loads(cached)


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_quote("ACME"), clients=5, seconds=5, seed=number)


traffic.fleet(main, processes=2)
