# SPDX-License-Identifier: MIT
"""A cart in one JSON value, changed under WATCH; and a stock counter, changed by one command."""

import json

import redis

import traffic

r = traffic.connect()


def add_to_cart(user, item):
    key = f"cart:{user}"

    def change(pipe):
        cart = json.loads(pipe.get(key) or "[]")
        cart.append(item)
        pipe.multi()
        pipe.set(key, json.dumps(cart[-20:]), ex=600)
        pipe.hincrby("stock:left", f"item-{item % 10}", -1)

    try:
        r.transaction(change, key)
    except redis.WatchError:
        pass


def main(number):
    traffic.crowd(lambda dice: add_to_cart("u-1", dice.randint(1, 1000)), clients=3, seconds=4,
                  pause=(0.01, 0.05), seed=number)


traffic.fleet(main, processes=2)
