# SPDX-License-Identifier: MIT
"""A page and a price under one stem: two values, each with a lock and a lifetime."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
RELEASE = r.register_script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
""")


def cached(key, make):
    lock = f"{key}:lock"
    for _ in range(200):
        found = r.get(key)
        if found is not None:
            return found
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=5000):
            try:
                found = r.get(key)
                if found is None:
                    found = make(key)
                    r.set(key, found, px=random.randint(800, 1200))
            finally:
                RELEASE(keys=[lock], args=[token])
            return found
        time.sleep(random.uniform(0.01, 0.04))
    raise TimeoutError(key)


def product(slug):
    cached(f"shop:{slug}:page", lambda key: json.dumps(traffic.load(key, 0.08)))
    cached(f"shop:{slug}:price", lambda key: f"{traffic.load(key, 0.06)['loaded_at'] % 100:.2f}")


traffic.crowd(lambda dice: product(dice.choice(("hat", "shoe"))), clients=8, seconds=6)
