# SPDX-License-Identifier: MIT
"""Right while the cache works. Without it, its callers are let down: no timeouts, no fallback, many
round trips, and a worker that ends with its connection."""

import json
import queue
import random
import threading
import time
import uuid

import redis
import serving
import traffic

r = traffic.connect(retry=None)
LEASE_MS = 1500
release = r.register_script("""
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1])
end
return 0
""")


def get_product(number):
    key = f"shop:v1:product:{number}"
    lock = f"shop:v1:lock:{key}"
    deadline = time.monotonic() + LEASE_MS / 1000 + 1
    wait = 0.01
    while True:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=LEASE_MS):
            return load_locked(key, lock, token)
        if time.monotonic() > deadline:
            raise TimeoutError(f"{key} is still being loaded")
        time.sleep(random.uniform(0.005, wait))
        wait = min(wait * 2, 0.1)


def load_locked(key, lock, token):
    try:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        product = traffic.load(key, 0.1)
        r.set(key, json.dumps(product), px=random.randint(700, 1000))
        return product
    finally:
        release(keys=[lock], args=[token])


def page():
    """Six products, one after the other."""
    return [get_product(number) for number in (1, 2, 1, 2, 1, 2)]


orders = queue.Queue()


def work():
    """Writes the pages for all callers, until its connection is gone."""
    while True:
        answer = orders.get()
        try:
            answer.put(page())
        except (redis.BusyLoadingError, redis.ResponseError, TimeoutError) as error:
            answer.put(error)


def ask_worker():
    answer = queue.Queue()
    orders.put(answer)
    result = answer.get()
    if isinstance(result, Exception):
        raise result
    return result


threading.Thread(target=work, daemon=True).start()
serving.run(lambda dice: get_product(dice.randint(1, 2)), ask_worker)
