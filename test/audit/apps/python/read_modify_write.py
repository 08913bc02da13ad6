# SPDX-License-Identifier: MIT
"""A cart in one JSON value: read, change, write back. Two at once lose one's change."""

import json
import time

import traffic

r = traffic.connect()


def add_to_cart(user, item):
    key = f"cart:{user}"
    cart = json.loads(r.get(key) or "[]")
    cart.append(item)
    time.sleep(0.005)  # prices are worked out
    r.set(key, json.dumps(cart[-20:]), ex=600)


def main(number):
    traffic.crowd(lambda dice: add_to_cart("u-1", dice.randint(1, 1000)), clients=3, seconds=4,
                  pause=(0.01, 0.05), seed=number)


traffic.fleet(main, processes=2)
