# SPDX-License-Identifier: MIT
"""redis-py's Lock without a timeout: who dies while holding it, blocks the key for ever."""

import json
import random

import traffic

r = traffic.connect()


def get_price(sku):
    key = f"shop:price:{sku}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    with r.lock(f"{key}:lock", sleep=0.02):
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        price = traffic.load(key, 0.15)
        r.set(key, json.dumps(price), px=random.randint(800, 1100))
        return price


def main(_):
    traffic.crowd(lambda dice: get_price("A-17"), clients=6, seconds=5)


traffic.fleet(main, processes=2)
