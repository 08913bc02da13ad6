# SPDX-License-Identifier: MIT
"""redis-py's Lock with a timeout and a bounded wait, and a second look under the lock."""

import json
import random

import traffic

r = traffic.connect()


def get_price(sku):
    key = f"shop:price:{sku}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    with r.lock(f"{key}:lock", timeout=5, sleep=0.05, blocking_timeout=6):
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        price = traffic.load(key, 0.15)
        r.set(key, json.dumps(price), px=random.randint(800, 1100))
        return price


def main(_):
    traffic.crowd(lambda dice: get_price("A-17"), clients=6, seconds=5)


traffic.fleet(main, processes=2)
