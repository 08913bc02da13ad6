# SPDX-License-Identifier: MIT
"""A writer deletes the entry, and once more when every load that began before must be over."""

import json
import random
import time

import traffic

r = traffic.connect()
LOAD_S = 0.08
AGAIN_S = 0.3


def get_discount(code):
    key = f"shop:discount:{code}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    with r.lock(f"{key}:lock", timeout=5, sleep=0.03, blocking_timeout=6):
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        discount = traffic.load(key, LOAD_S)
        r.set(key, json.dumps(discount), px=random.randint(1500, 2000))
        return discount


def change_discounts():
    for _ in range(5):
        time.sleep(random.uniform(0.5, 0.7))
        r.delete("shop:discount:summer")
        time.sleep(AGAIN_S)
        r.delete("shop:discount:summer")


def main(number):
    random.seed(number)
    if number == 0:
        change_discounts()
    else:
        traffic.crowd(lambda dice: get_discount("summer"), clients=4, seconds=5, seed=number)


traffic.fleet(main, processes=3)
