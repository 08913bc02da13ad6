# SPDX-License-Identifier: MIT
"""A request opens a connection and sends its four or more commands over it, as a framework without
a pool does. Loads are alone in the one process."""

import json
import random
import threading

import traffic

alone = threading.Lock()


def user(r, number):
    key = f"user:{number}"
    found = r.get(key)
    if found is not None:
        return found
    with alone:
        found = r.get(key)
        if found is None:
            found = json.dumps(traffic.load(key, 0.06))
            r.set(key, found, px=random.randint(900, 1300))
    return found


def request(dice):
    r = traffic.connect()
    try:
        r.incr("stats:requests")
        for _ in range(3):
            user(r, dice.randint(1, 3))
    finally:
        r.close()


traffic.crowd(request, clients=4, seconds=5)
