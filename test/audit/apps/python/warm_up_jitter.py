# SPDX-License-Identifier: MIT
"""The same job with lifetimes spread by a third, and a lock per entry in Redis."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
SKUS = [f"{number:03}" for number in range(80)]
release = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def lifetime_ms():
    return random.randint(1800, 3000)


def fill():
    missing = [sku for sku, value in zip(SKUS, r.mget([f"stock:{s}" for s in SKUS])) if not value]
    traffic.note_load("stock:*")
    time.sleep(0.1)
    batch = r.pipeline(transaction=False)
    for sku in missing:
        batch.set(f"stock:{sku}", json.dumps({"sku": sku, "left": 17}), px=lifetime_ms())
    batch.execute()


def get_stock(sku):
    key = f"stock:{sku}"
    lock = f"stock:lock:{sku}"
    for _ in range(100):
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=3000):
            try:
                cached = r.get(key)
                if cached is None:
                    cached = json.dumps(traffic.load(key, 0.06))
                    r.set(key, cached, px=lifetime_ms())
                return json.loads(cached)
            finally:
                release(keys=[lock], args=[token])
        time.sleep(random.uniform(0.01, 0.06))
    raise TimeoutError(key)


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_stock(dice.choice(SKUS)), clients=6, seconds=6)


fill()
traffic.fleet(main, processes=2)
