# SPDX-License-Identifier: MIT
"""Each process serves one tenant, which is in the key. Both also read the offer of the hour: it
changes for everybody, and never comes back. The lock is right."""

import json
import random
import time
import uuid

import traffic

RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
"""


def cached(r, key, text):
    lock = f"lock:{key}"
    for _ in range(400):
        found = r.get(key)
        if found is not None:
            return found
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=5000):
            try:
                if r.get(key) is None:
                    traffic.load(key, 0.06)
                    r.set(key, json.dumps(text()), px=random.randint(180, 240))
            finally:
                r.eval(RELEASE, 1, lock, token)
        else:
            time.sleep(random.uniform(0.005, 0.02))
    raise TimeoutError(key)


def main(number):
    r = traffic.connect()
    tenant = "ab"[number]

    def ask(dice):
        if dice.random() < 0.5:
            cached(r, f"page:{tenant}:start", lambda: {"tenant": tenant, "text": tenant * 40})
        else:
            cached(r, "offer:hour", lambda: {"hour": int(time.time() * 2), "text": "x" * 40})

    traffic.crowd(ask, clients=3, seconds=8, seed=number + 1)


traffic.fleet(main, processes=2)
