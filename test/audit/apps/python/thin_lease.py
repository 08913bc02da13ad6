# SPDX-License-Identifier: MIT
"""The lease is just longer than the load, and is not renewed: one slow query breaks it."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
release = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def get_route(name):
    key = f"maps:route:{name}"
    lock = f"maps:lock:{name}"
    while True:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=500):
            try:
                cached = r.get(key)
                if cached is None:
                    cached = json.dumps(traffic.load(key, 0.33))
                    r.set(key, cached, px=random.randint(400, 500))
                return json.loads(cached)
            finally:
                release(keys=[lock], args=[token])
        time.sleep(random.uniform(0.01, 0.05))


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_route("A7"), clients=4, seconds=8)


traffic.fleet(main, processes=2)
