# SPDX-License-Identifier: MIT
"""Cache-aside as tutorials teach it: read, else query, then store with a lifetime."""

import json

import traffic

r = traffic.connect()
TTL = 1  # seconds


def get_user(user_id):
    cache_key = f"user:{user_id}"
    cached = r.get(cache_key)
    if cached:
        return json.loads(cached)
    user = traffic.load(cache_key, 0.15)
    r.setex(cache_key, TTL, json.dumps(user))
    return user


def main(_):
    traffic.crowd(lambda dice: get_user(dice.randint(1, 2)), clients=10, seconds=5)


traffic.fleet(main, processes=2)
