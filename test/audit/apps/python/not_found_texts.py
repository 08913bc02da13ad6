# SPDX-License-Identifier: MIT
"""What was not found is remembered as None or null for a short while. Pages of HTML are stored as
they are. Loads are alone in the one process."""

import json
import random
import threading

import traffic

r = traffic.connect()
alone = threading.Lock()
PAGE = "<!DOCTYPE html><html><head><title>Shop</title></head><body>{}</body></html>"


def cached(key, exists, marker, text):
    found = r.get(key)
    if found is not None:
        return found
    with alone:
        found = r.get(key)
        if found is None:
            row = traffic.load(key, 0.05)
            found = text(row) if exists else marker
            r.set(key, found, px=random.randint(900, 1200) if exists else 300)
    return found


def ask(dice):
    number = dice.randint(1, 5)
    cached(f"user:{number}", number < 4, "None", json.dumps)
    cached(f"product:{number}", number < 4, "null", json.dumps)
    cached(f"page:{number}", True, "", lambda row: PAGE.format(row["text"]))


traffic.crowd(ask, clients=5, seconds=5)
