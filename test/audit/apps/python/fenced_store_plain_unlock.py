# SPDX-License-Identifier: MIT
"""The store is fenced by a script that compares the lock; the unlock is a plain DEL."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
FENCED = r.register_script("""
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
    redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
    return 1
end
return 0
""")


def rate(pair):
    key, lock = f"rate:{pair}", f"lock:rate:{pair}"
    for _ in range(100):
        found = r.get(key)
        if found is not None:
            return json.loads(found)
        token = uuid.uuid4().hex
        if not r.set(lock, token, nx=True, px=4000):
            time.sleep(random.uniform(0.02, 0.07))
            continue
        try:
            if r.get(key) is None:
                text = json.dumps(traffic.load(key, 0.12))
                FENCED(keys=[lock, key], args=[token, text, random.randint(700, 1100)])
        finally:
            r.delete(lock)
    raise TimeoutError(key)


def main(number):
    traffic.crowd(lambda dice: rate(dice.choice(("eur", "usd"))), clients=5, seed=number + 1)


traffic.fleet(main, processes=2)
