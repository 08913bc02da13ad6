# SPDX-License-Identifier: MIT
"""A product without reviews has its [] stored for as long as others have their reviews. Loads are
alone in the one process."""

import json
import random
import threading

import traffic

r = traffic.connect()
alone = threading.Lock()
WITHOUT_REVIEWS = (3, 5)


def query(key, product):
    row = traffic.load(key, 0.06)
    return [] if product in WITHOUT_REVIEWS else [row]


def reviews(product):
    key = f"shop:reviews:{product}"
    found = r.get(key)
    if found is not None:
        return json.loads(found)
    with alone:
        found = r.get(key)
        if found is None:
            found = json.dumps(query(key, product))
            r.set(key, found, px=random.randint(800, 1000))
    return json.loads(found)


traffic.crowd(lambda dice: reviews(dice.randint(1, 6)), clients=5, seconds=5)
