# SPDX-License-Identifier: MIT
"""SETNX and DEL: no token, no end. A killed worker leaves its lock behind for good."""

import json
import random
import time

import traffic

r = traffic.connect()


def get_report(name):
    key = f"reports/{name}"
    for _ in range(150):
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        if r.setnx(f"{key}.lock", 1):
            try:
                cached = r.get(key)
                if cached is None:
                    cached = json.dumps(traffic.load(key, 0.12))
                    r.set(key, cached, px=random.randint(800, 1100))
                return json.loads(cached)
            finally:
                r.delete(f"{key}.lock")
        time.sleep(random.uniform(0.01, 0.05))
    raise TimeoutError(key)


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_report("weekly"), clients=4, seconds=5, seed=number)


traffic.fleet(main, processes=2)
