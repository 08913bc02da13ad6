# SPDX-License-Identifier: MIT
"""A price list is renewed by KEYS and DEL over all its entries, the whole shop by FLUSHDB."""

import json
import random
import threading
import time

import traffic

r = traffic.connect()
loading = threading.Lock()


def get_price(number):
    key = f"shop:price:{number}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    with loading:
        cached = r.get(key)
        if cached is None:
            cached = json.dumps(traffic.load(key, 0.01))
            r.set(key, cached, px=random.randint(3000, 5000))
        return json.loads(cached)


def new_prices():
    for number in range(4):
        time.sleep(1.2)
        with loading:
            found = r.keys("shop:price:*")
            if number == 3:
                r.flushdb()
            elif found:
                r.delete(*found)


import_job = threading.Thread(target=new_prices)
import_job.start()
traffic.crowd(lambda dice: get_price(dice.randint(1, 15)), clients=5, seconds=6)
import_job.join()
