# SPDX-License-Identifier: MIT
"""A lease of an hour for a query of 70 ms: after a crash, nobody loads this key for an hour."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
release = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def get_banner(place):
    key = f"ads:banner:{place}"
    lock = f"ads:lock:{place}"
    while True:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, ex=3600):
            try:
                cached = r.get(key)
                if cached is None:
                    cached = json.dumps(traffic.load(key, 0.07))
                    r.set(key, cached, px=random.randint(400, 550))
                return json.loads(cached)
            finally:
                release(keys=[lock], args=[token])
        time.sleep(random.uniform(0.005, 0.02))


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_banner("top"), clients=4, seconds=6)


traffic.fleet(main, processes=2)
