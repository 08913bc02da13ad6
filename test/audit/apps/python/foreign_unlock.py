# SPDX-License-Identifier: MIT
"""A lease that is too short, freed by a plain DEL: it frees the next holder's lock."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()


def get_quote(symbol):
    key = f"quotes:{symbol}"
    lock = f"lock:quotes:{symbol}"
    while True:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        if r.set(lock, uuid.uuid4().hex, nx=True, px=250):
            try:
                quote = r.get(key)
                if quote is not None:
                    return json.loads(quote)
                quote = traffic.load(key, 0.4)
                r.set(key, json.dumps(quote), px=random.randint(700, 900))
                return quote
            finally:
                r.delete(lock)
        time.sleep(random.uniform(0.01, 0.03))


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_quote("ACME"), clients=4, seconds=6)


traffic.fleet(main, processes=2)
