# SPDX-License-Identifier: MIT
"""GETEX at each read: popular entries never end, whatever changes in the database."""

import json

import traffic

r = traffic.connect()


def get_vendor(number):
    key = f"market:vendor:{number}"
    cached = r.getex(key, px=900)
    if cached is not None:
        return json.loads(cached)
    with r.lock(f"{key}:lock", timeout=5, sleep=0.03, blocking_timeout=6):
        cached = r.get(key)
        if cached is None:
            cached = json.dumps(traffic.load(key, 0.08))
            r.set(key, cached, px=900)
        return json.loads(cached)


def main(number):
    traffic.crowd(lambda dice: get_vendor(dice.randint(1, 3)), clients=4, seconds=6, seed=number)


traffic.fleet(main, processes=2)
