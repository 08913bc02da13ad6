# SPDX-License-Identifier: MIT
"""Many at once: MGET, one query for what is missing, under one lock; and a second look."""

import json
import random
import time

import traffic

r = traffic.connect()


def get_authors(numbers):
    keys = [f"books:author:{number}" for number in numbers]
    found = dict(zip(keys, r.mget(keys)))
    if None in found.values():
        with r.lock("books:author-batch:lock", timeout=5, sleep=0.03, blocking_timeout=6):
            found = dict(zip(keys, r.mget(keys)))
            missing = [key for key, value in found.items() if value is None]
            if missing:
                found.update(load(missing))
    return [json.loads(found[key]) for key in keys]


def load(keys):
    for key in keys:
        traffic.note_load(key)
    time.sleep(0.1)
    rows = {key: json.dumps({"key": key, "name": "N. N."}) for key in keys}
    batch = r.pipeline(transaction=False)
    for key, row in rows.items():
        batch.set(key, row, px=random.randint(900, 1600))
    batch.execute()
    return rows


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_authors(dice.sample(range(12), 5)), clients=4, seconds=5)


traffic.fleet(main, processes=2)
