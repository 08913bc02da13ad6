# SPDX-License-Identifier: MIT
"""Cache-aside without a lock, on a cluster."""

import json
import os
import urllib.parse

import redis.cluster
import traffic

at = urllib.parse.urlsplit(os.environ["REDIS_URL"])
r = redis.cluster.RedisCluster(host=at.hostname, port=at.port, decode_responses=True)


def get_price(number):
    key = f"shop:v1:price:{number}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    price = traffic.load(key, 0.05)
    r.set(key, json.dumps(price), px=700)
    return price


traffic.crowd(lambda dice: get_price(dice.randint(1, 4)), clients=8, seconds=5)
