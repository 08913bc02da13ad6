# SPDX-License-Identifier: MIT
"""Always has an answer, at the cost of all others: it retries an error without a pause, and each
caller loads for itself when the cache is away."""

import json
import random
import time
import uuid

import redis
import serving
import traffic

r = traffic.connect(socket_timeout=0.3, socket_connect_timeout=0.3, retry=None)
LEASE_MS = 1500
TRIES = 25
release = r.register_script("""
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1])
end
return 0
""")


def get_product(number):
    key = f"shop:v1:product:{number}"
    for _ in range(TRIES):
        try:
            return from_cache(key)
        except (redis.BusyLoadingError, redis.ResponseError):
            continue
        except redis.RedisError:
            break
    return traffic.load(key, 0.01)


def from_cache(key):
    lock = f"shop:v1:lock:{key}"
    deadline = time.monotonic() + LEASE_MS / 1000 + 1
    wait = 0.01
    while True:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=LEASE_MS):
            return load_locked(key, lock, token)
        if time.monotonic() > deadline:
            raise redis.TimeoutError(f"{key} is still being loaded")
        time.sleep(random.uniform(0.005, wait))
        wait = min(wait * 2, 0.1)


def load_locked(key, lock, token):
    try:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        product = traffic.load(key, 0.1)
        r.set(key, json.dumps(product), px=random.randint(700, 1000))
        return product
    finally:
        release(keys=[lock], args=[token])


serving.run(lambda dice: get_product(dice.randint(1, 2)), lambda: get_product(1))
