# SPDX-License-Identifier: MIT
"""Write-through: who changes a row also stores it; readers that miss take a lock to load."""

import json
import random
import time

import traffic

r = traffic.connect()
TTL_MS = (1500, 2500)


def read(number):
    key = f"inventory:item:{number}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    with r.lock(f"{key}:lock", timeout=5, sleep=0.03, blocking_timeout=6):
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        item = traffic.load(key, 0.08)
        r.set(key, json.dumps(item), px=random.randint(*TTL_MS), nx=True)
        return item


def change(number):
    time.sleep(0.005)  # the database commits
    r.set(f"inventory:item:{number}", json.dumps({"item": number, "left": random.randint(0, 99)}),
          px=random.randint(*TTL_MS))


def main(number):
    random.seed(number)
    if number == 0:
        traffic.crowd(lambda dice: change(dice.randint(1, 4)), clients=1, seconds=5)
    else:
        traffic.crowd(lambda dice: read(dice.randint(1, 8)), clients=4, seconds=5, seed=number)


traffic.fleet(main, processes=3)
