# SPDX-License-Identifier: MIT
"""By hand and right: random token, lease, double check, jittered waits, release by script."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
LEASE_MS = 3000
release = r.register_script("""
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1])
end
return 0
""")


def get_article(number):
    key = f"news:v1:article:{number}"
    lock = f"news:v1:lock:article:{number}"
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
        article = traffic.load(key, 0.18)
        r.set(key, json.dumps(article), px=random.randint(800, 1100))
        return article
    finally:
        release(keys=[lock], args=[token])


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_article(dice.randint(1, 2)), clients=8, seconds=5)


traffic.fleet(main, processes=2)
