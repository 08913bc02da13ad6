# SPDX-License-Identifier: MIT
"""A page shows eight products, and gets each of them in a round trip of its own. Each client has a
connection; loads are alone in the one process."""

import json
import random
import threading

import traffic

own = threading.local()
alone = threading.Lock()


def connection():
    if not hasattr(own, "redis"):
        own.redis = traffic.connect()
    return own.redis


def product(number):
    r = connection()
    key = f"shop:product:{number}"
    found = r.get(key)
    if found is not None:
        return json.loads(found)
    with alone:
        found = r.get(key)
        if found is None:
            found = json.dumps(traffic.load(key, 0.06))
            r.set(key, found, px=random.randint(1800, 2600))
    return json.loads(found)


def page(dice):
    first = dice.randint(1, 5)
    return [product(number) for number in range(first, first + 8)]


traffic.crowd(page, clients=4, seconds=5)
