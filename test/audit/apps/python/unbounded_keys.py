# SPDX-License-Identifier: MIT
"""The whole query string becomes the key, a tracking number included: nothing is found again."""

import json
import random

import traffic

r = traffic.connect()


def search(query):
    key = f"search:{query}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    result = traffic.load(key, 0.03)
    r.set(key, json.dumps(result), ex=random.randint(60, 90))
    return result


def visit(dice):
    search(f"q=shoes&page={dice.randint(1, 3)}&visit={dice.getrandbits(64)}")


traffic.crowd(visit, clients=8, seconds=5)
