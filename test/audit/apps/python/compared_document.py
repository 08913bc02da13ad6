# SPDX-License-Identifier: MIT
"""A cached document is read often and changed now and then by a script that compares."""

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
CHANGE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
    return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1
"""


def read(r, key):
    for _ in range(100):
        found = r.get(key)
        if found is not None:
            return json.loads(found)
        token = uuid.uuid4().hex
        if r.set(f"{key}:lock", token, nx=True, px=4000):
            try:
                if r.get(key) is None:
                    first = dict(traffic.load(key, 0.1), version=0)
                    r.set(key, json.dumps(first), px=random.randint(1500, 2000))
            finally:
                r.eval(RELEASE, 1, f"{key}:lock", token)
        else:
            time.sleep(random.uniform(0.02, 0.06))
    raise TimeoutError(key)


def change(r, key):
    """Changes what it has just read, unless another caller has changed it meanwhile."""
    for _ in range(10):
        found = r.get(key)
        if found is None:
            return
        document = json.loads(found)
        document["version"] += 1
        if r.eval(CHANGE, 1, key, found, json.dumps(document)):
            return


def main(number):
    r = traffic.connect()
    dice = random.Random(number)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        key = f"doc:{dice.randint(1, 2)}"
        read(r, key)
        if dice.random() < 0.2:
            change(r, key)
        time.sleep(dice.uniform(0.001, 0.004))


traffic.fleet(main, processes=6)
