# SPDX-License-Identifier: MIT
"""Missing rows are remembered for a short while; one load per key by a lock with a lease."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
ABSENT = "null"
unlock = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def find_product(number):
    traffic.load(f"shop:product:{number}", 0.06)
    return {"id": number, "name": f"product {number}"} if number < 50 else None


def get_product(number):
    key = f"shop:product:{number}"
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        token = uuid.uuid4().hex
        if r.set(f"shop:lock:product:{number}", token, nx=True, px=2000):
            try:
                return load(key, number)
            finally:
                unlock(keys=[f"shop:lock:product:{number}"], args=[token])
        time.sleep(random.uniform(0.01, 0.05))
    raise TimeoutError(key)


def load(key, number):
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    product = find_product(number)
    if product is None:
        r.set(key, ABSENT, px=random.randint(400, 600))
    else:
        r.set(key, json.dumps(product), px=random.randint(1000, 1500))
    return product


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_product(dice.choice([1, 2, 71, 72])), clients=6, seconds=5)


traffic.fleet(main, processes=2)
