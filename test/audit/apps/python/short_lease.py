# SPDX-License-Identifier: MIT
"""A lease shorter than the load: others take over, and the first one stores all the same."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
LEASE_MS = 200
release = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def get_forecast(city):
    key = f"weather:forecast:{city}"
    lock = f"weather:lock:{city}"
    while True:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=LEASE_MS):
            try:
                cached = r.get(key)
                if cached is not None:
                    return json.loads(cached)
                forecast = traffic.load(key, 0.5)
                r.set(key, json.dumps(forecast), px=random.randint(700, 900))
                return forecast
            finally:
                release(keys=[lock], args=[token])
        time.sleep(random.uniform(0.01, 0.05))


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_forecast("oslo"), clients=4, seconds=6)


traffic.fleet(main, processes=2)
