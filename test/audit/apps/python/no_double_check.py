# SPDX-License-Identifier: MIT
"""A sound lock, but who gets it loads: those who waited load again, one after another."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
release = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def get_menu(restaurant):
    key = f"menu:{restaurant}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    token = uuid.uuid4().hex
    while not r.set(f"lock:{key}", token, nx=True, px=5000):
        time.sleep(random.uniform(0.01, 0.04))
    try:
        menu = traffic.load(key, 0.12)
        r.set(key, json.dumps(menu), px=random.randint(1000, 1300))
        return menu
    finally:
        release(keys=[f"lock:{key}"], args=[token])


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_menu("roma"), clients=4, seconds=6)


traffic.fleet(main, processes=2)
