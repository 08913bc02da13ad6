# SPDX-License-Identifier: MIT
"""A lock in front of the load that gives up after five attempts and loads without it."""

import json
import time

import traffic

r = traffic.connect()
CACHE_TTL = 1  # seconds
LOCK_TTL = 10000  # milliseconds
RETRY_COUNT = 5
RETRY_DELAY = 0.1  # seconds


def get_user(user_id):
    cache_key = f"user:{user_id}"
    lock_key = f"lock:{cache_key}"
    cached = r.get(cache_key)
    if cached:
        return json.loads(cached)
    acquired = False
    try:
        for _ in range(RETRY_COUNT):
            acquired = r.set(lock_key, "1", nx=True, px=LOCK_TTL)
            if acquired:
                cached = r.get(cache_key)  # somebody else may have stored it meanwhile
                if cached:
                    return json.loads(cached)
                user = traffic.load(cache_key, 0.9)
                r.setex(cache_key, CACHE_TTL, json.dumps(user))
                return user
            time.sleep(RETRY_DELAY)
        return traffic.load(cache_key, 0.9)
    finally:
        if acquired:
            r.delete(lock_key)


def main(_):
    traffic.crowd(lambda dice: get_user(7), clients=6, seconds=7)


traffic.fleet(main, processes=2)
