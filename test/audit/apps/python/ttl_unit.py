# SPDX-License-Identifier: MIT
"""A lifetime in milliseconds is given to EX, which takes seconds. One load at a time."""

import json
import random
import threading

import traffic

r = traffic.connect()
alone = threading.Lock()
LIFETIME = 60 * 60 * 24 * 1000  # a day


def user(number):
    key = f"user:{number}"
    found = r.get(key)
    if found is not None:
        return found
    with alone:
        found = r.get(key)
        if found is None:
            found = json.dumps(traffic.load(key, 0.06))
            r.set(key, found, ex=LIFETIME + random.randint(0, LIFETIME // 5))
    return found


traffic.crowd(lambda dice: user(dice.randint(1, 12)), clients=6, seconds=4)
