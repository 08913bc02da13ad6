# SPDX-License-Identifier: MIT
"""Serves its callers whatever the cache does: timeouts, a breaker, one load per key, a bound on all
loads, and the last values in the process."""

import json
import random
import threading
import time
import uuid

import redis
import serving
import traffic

r = traffic.connect(socket_timeout=0.15, socket_connect_timeout=0.15, retry=None)
LEASE_MS = 1500
release = r.register_script("""
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1])
end
return 0
""")


class Breaker:
    """Skips the cache for a while after some failures in a row."""

    def __init__(self, failures_max=3, pause=0.5):
        self.failures_max = failures_max
        self.pause = pause
        self.failures = 0
        self.closed_at = 0.0

    def lets_through(self):
        return time.monotonic() >= self.closed_at

    def succeeded(self):
        self.failures = 0

    def failed(self):
        self.failures += 1
        if self.failures >= self.failures_max:
            self.closed_at = time.monotonic() + self.pause * random.uniform(0.8, 1.2)


breaker = Breaker()
loads_at_once = threading.BoundedSemaphore(4)
flights = {}
flights_lock = threading.Lock()
last_values = {}


def get_product(number):
    key = f"shop:v1:product:{number}"
    if breaker.lets_through():
        try:
            value = from_cache(key)
            breaker.succeeded()
            return value
        except redis.RedisError:
            breaker.failed()
    return without_cache(key)


def from_cache(key):
    lock = f"shop:v1:lock:{key}"
    deadline = time.monotonic() + LEASE_MS / 1000 + 0.2
    wait = 0.01
    while time.monotonic() < deadline:
        cached = r.get(key)
        if cached is not None:
            return remember(key, json.loads(cached))
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=LEASE_MS):
            return load_locked(key, lock, token)
        time.sleep(random.uniform(0.005, wait))
        wait = min(wait * 2, 0.1)
    return without_cache(key)


def load_locked(key, lock, token):
    try:
        cached = r.get(key)
        if cached is not None:
            return remember(key, json.loads(cached))
        product = traffic.load(key, 0.1)
        r.set(key, json.dumps(product), px=random.randint(700, 1000))
        return remember(key, product)
    finally:
        release(keys=[lock], args=[token])


def remember(key, product):
    last_values[key] = (time.monotonic() + random.uniform(1.5, 2.5), product)
    return product


def without_cache(key):
    """From the process, or by one load that all callers of the key share."""
    until, product = last_values.get(key, (0.0, None))
    if time.monotonic() < until:
        return product
    with flights_lock:
        flight = flights.get(key)
        leads = flight is None
        if leads:
            flight = flights[key] = threading.Event()
    if not leads:
        flight.wait(2)
        return last_values[key][1]
    try:
        with loads_at_once:
            return remember(key, traffic.load(key, 0.1))
    finally:
        with flights_lock:
            del flights[key]
        flight.set()


serving.run(lambda dice: get_product(dice.randint(1, 2)), lambda: get_product(1))
