# SPDX-License-Identifier: MIT
"""An old value is served while one process loads a new one; a cold key waits for its holder."""

import json
import random
import threading
import time
import uuid

import traffic

r = traffic.connect()
FRESH_S = 0.8
KEPT_MS = 30000
release = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def get_rates(currency):
    key = f"fx:rates:{currency}"
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        cached = r.get(key)
        if cached is not None:
            entry = json.loads(cached)
            if entry["fresh_until"] < time.time():
                refresh_in_background(key)
            return entry["rates"]
        rates = load_if_first(key)
        if rates is not None:
            return rates
        time.sleep(random.uniform(0.01, 0.04))
    raise TimeoutError(key)


def load_if_first(key):
    token = uuid.uuid4().hex
    if not r.set(f"{key}:refresh", token, nx=True, px=3000):
        return None
    try:
        cached = r.get(key)
        if cached is not None and json.loads(cached)["fresh_until"] > time.time():
            return json.loads(cached)["rates"]
        rates = traffic.load(key, 0.15)
        fresh_until = time.time() + FRESH_S * random.uniform(0.9, 1.1)
        r.set(key, json.dumps({"rates": rates, "fresh_until": fresh_until}), px=KEPT_MS)
        return rates
    finally:
        release(keys=[f"{key}:refresh"], args=[token])


def refresh_in_background(key):
    threading.Thread(target=load_if_first, args=(key,)).start()


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_rates("EUR"), clients=5, seconds=5)


traffic.fleet(main, processes=2)
time.sleep(0.3)
