# SPDX-License-Identifier: MIT
"""Products that do not exist are asked for again and again, and never remembered."""

import json
import random
import threading

import traffic

r = traffic.connect()
locks = {number: threading.Lock() for number in range(100)}


def find_product(number):
    key = f"shop:product:{number}"
    traffic.load(key, 0.06)
    return {"id": number, "name": f"product {number}"} if number < 50 else None


def get_product(number):
    key = f"shop:product:{number}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    with locks[number]:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        product = find_product(number)
        if product is not None:
            r.set(key, json.dumps(product), px=random.randint(1000, 1500))
        return product


traffic.crowd(lambda dice: get_product(dice.choice([1, 2, 3, 71, 72])), clients=8, seconds=5)
