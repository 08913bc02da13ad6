# SPDX-License-Identifier: MIT
"""A job fills eighty entries with one and the same lifetime: they all end in the same moment."""

import json
import threading
import time

import traffic

r = traffic.connect()
SKUS = [f"{number:03}" for number in range(80)]
TTL = 2
locks = {sku: threading.Lock() for sku in SKUS}


def fill():
    missing = [sku for sku, value in zip(SKUS, r.mget([f"stock:{s}" for s in SKUS])) if not value]
    traffic.note_load("stock:*")
    time.sleep(0.1)
    batch = r.pipeline(transaction=False)
    for sku in missing:
        batch.setex(f"stock:{sku}", TTL, json.dumps({"sku": sku, "left": 17}))
    batch.execute()


def get_stock(sku):
    key = f"stock:{sku}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    with locks[sku]:
        cached = r.get(key)
        if cached is None:
            stock = traffic.load(key, 0.02)
            cached = json.dumps(stock)
            r.setex(key, TTL, cached)
        return json.loads(cached)


fill()
traffic.crowd(lambda dice: get_stock(dice.choice(SKUS)), clients=8, seconds=6)
