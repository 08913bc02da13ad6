# SPDX-License-Identifier: MIT
"""The keys hold hashes of an older version. The error is taken for a miss, and a text is stored."""

import json
import random
import threading

import redis

import traffic

r = traffic.connect()
alone = threading.Lock()


def read(key):
    try:
        return r.get(key)
    except redis.RedisError:
        return None


def user(number):
    key = f"user:{number}"
    found = read(key)
    if found is not None:
        return found
    with alone:
        found = read(key)
        if found is None:
            found = json.dumps(traffic.load(key, 0.06))
            r.set(key, found, px=random.randint(20_000, 30_000))
    return found


for old in range(8):
    r.hset(f"user:{old}", "name", "x")
traffic.crowd(lambda dice: user(dice.randint(0, 7)), clients=4, seconds=4)
