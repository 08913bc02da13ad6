# SPDX-License-Identifier: MIT
"""Early refresh that takes the value's age for the time its load took: far too early."""

import json
import math
import random
import time

import traffic

r = traffic.connect()
BETA = 1.0
CACHE_TTL = 4.0  # seconds


def get_user(user_id):
    cache_key = f"user:{user_id}"
    meta_key = f"meta:{cache_key}"
    cached_raw = r.get(cache_key)
    meta_raw = r.get(meta_key)
    if cached_raw and meta_raw:
        meta = json.loads(meta_raw)
        ends = meta["stored_at"] + meta["ttl"]
        delta = time.time() - meta["fetch_time"]
        if time.time() - BETA * delta * math.log(random.random()) < ends:
            return json.loads(cached_raw)
    user = traffic.load(cache_key, 0.06)
    fetch_time = time.time()
    pipe = r.pipeline()
    pipe.setex(cache_key, int(CACHE_TTL), json.dumps(user))
    pipe.setex(meta_key, int(CACHE_TTL), json.dumps(
        {"stored_at": fetch_time, "ttl": CACHE_TTL, "fetch_time": fetch_time}))
    pipe.execute()
    return user


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_user(dice.randint(1, 2)), clients=8, seconds=7)


traffic.fleet(main, processes=2)
