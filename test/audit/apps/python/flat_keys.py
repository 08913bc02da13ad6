# SPDX-License-Identifier: MIT
"""Keys without any namespace: the next service on this server may well use the same."""

import json
import random
import threading

import traffic

r = traffic.connect()
loading = threading.Lock()


def get_user(number):
    key = f"user{number}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    with loading:
        cached = r.get(key)
        if cached is None:
            cached = json.dumps(traffic.load(key, 0.02))
            r.set(key, cached, px=random.randint(1000, 1500))
        return json.loads(cached)


traffic.crowd(lambda dice: get_user(dice.randint(1, 15)), clients=5, seconds=4)
