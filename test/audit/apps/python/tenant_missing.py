# SPDX-License-Identifier: MIT
"""Each process serves one tenant, and the tenant is not in the key. The lock is right."""

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


def start_page(r, tenant):
    key, lock = "page:start", "lock:page:start"
    for _ in range(400):
        found = r.get(key)
        if found is not None:
            return found
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=5000):
            try:
                if r.get(key) is None:
                    traffic.load(key, 0.06)
                    text = json.dumps({"tenant": tenant, "text": tenant * 40})
                    r.set(key, text, px=random.randint(180, 240))
            finally:
                r.eval(RELEASE, 1, lock, token)
        else:
            time.sleep(random.uniform(0.005, 0.02))
    raise TimeoutError(key)


def main(number):
    r = traffic.connect()
    traffic.crowd(lambda dice: start_page(r, "ab"[number]), clients=3, seconds=9,
                  seed=number + 1)


traffic.fleet(main, processes=2)
