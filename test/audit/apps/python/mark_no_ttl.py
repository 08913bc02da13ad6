# SPDX-License-Identifier: MIT
"""SET NX GET leaves a mark while one caller loads; the value that replaces it never expires."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()


def post(number):
    key = f"post:{number}"
    mark = f"loading {uuid.uuid4().hex}"
    for _ in range(100):
        found = r.set(key, mark, nx=True, get=True, px=3000)
        if found is None:
            text = json.dumps(traffic.load(key, 0.12))
            r.set(key, text)
            return text
        if not found.startswith("loading "):
            return found
        time.sleep(random.uniform(0.02, 0.07))
    raise TimeoutError(key)


def main(number):
    if number == 2:
        for _ in range(5):
            time.sleep(0.9)
            r.delete("post:1", "post:2")
        return
    traffic.crowd(lambda dice: post(dice.randint(1, 2)), clients=5, seed=number + 1)


traffic.fleet(main, processes=3)
