# SPDX-License-Identifier: MIT
"""The request is part of the key as base64 of JSON, and the request holds its own time."""

import base64
import json
import random
import time

import traffic

r = traffic.connect()


def find(dice):
    request = {"q": dice.choice(("red", "blue", "green")), "page": 1, "at": time.time(),
               "more": "?" * dice.randint(0, 5)}
    key = "find:" + base64.b64encode(json.dumps(request).encode()).decode()
    found = r.get(key)
    if found is None:
        found = json.dumps(traffic.load(key, 0.002))
        r.set(key, found, ex=random.randint(3600, 4000))
    return found


traffic.crowd(find, clients=6, seconds=8, pause=(0.005, 0.02))
