# SPDX-License-Identifier: MIT
"""The owner is checked, but in two steps: GET, then DEL."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()


def get_profile(user_id):
    key = f"app:profile:{user_id}"
    lock = f"{key}:lock"
    while True:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        token = str(uuid.uuid4())
        if r.set(lock, token, nx=True, ex=5):
            try:
                cached = r.get(key)
                if cached is not None:
                    return json.loads(cached)
                profile = traffic.load(key, 0.15)
                r.set(key, json.dumps(profile), px=random.randint(700, 900))
                return profile
            finally:
                if r.get(lock) == token:
                    r.delete(lock)
        time.sleep(random.uniform(0.01, 0.04))


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_profile(5), clients=4, seconds=5)


traffic.fleet(main, processes=2)
