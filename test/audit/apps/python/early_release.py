# SPDX-License-Identifier: MIT
"""The lock is right, and released before the value is stored: the next holder loads again."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
RELEASE = r.register_script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
""")


def load_alone(key, lock, token):
    try:
        if r.get(key) is None:
            return json.dumps(traffic.load(key, 0.15))
    finally:
        RELEASE(keys=[lock], args=[token])
    return None


def event(number):
    key, lock = f"event:{number}", f"lock:event:{number}"
    for _ in range(200):
        found = r.get(key)
        if found is not None:
            return found
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=4000):
            text = load_alone(key, lock, token)
            if text is not None:
                time.sleep(0.04)  # measures, logs and compresses before it stores
                r.set(key, text, px=random.randint(900, 1100))
                return text
            continue
        time.sleep(random.uniform(0.01, 0.03))
    raise TimeoutError(key)


def main(number):
    traffic.crowd(lambda dice: event(dice.randint(1, 2)), clients=1, seed=number + 1)


traffic.fleet(main, processes=5)
