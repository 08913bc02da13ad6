# SPDX-License-Identifier: MIT
"""A time inside the value says when it is stale; whoever sees that first, and second, reloads."""

import json
import time

import traffic

r = traffic.connect()


def get_exchange(pair):
    key = f"exchange:rate:{pair}"
    entry = json.loads(r.get(key) or "null")
    if entry is None or entry["stale_at"] < time.time():
        rate = traffic.load(key, 0.1)
        entry = {"rate": rate, "stale_at": time.time() + 0.9}
        r.set(key, json.dumps(entry), ex=60)
    return entry["rate"]


def main(number):
    traffic.crowd(lambda dice: get_exchange("EUR-USD"), clients=4, seconds=6, seed=number)


get_exchange("EUR-USD")
traffic.fleet(main, processes=2)
