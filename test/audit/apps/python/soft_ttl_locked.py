# SPDX-License-Identifier: MIT
"""A soft ttl inside a longer one: who finds the entry too old refreshes it under a token lock."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
SOFT_S = 0.5
RELEASE = r.register_script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
""")


def refresh(key):
    token = uuid.uuid4().hex
    if not r.set(f"lock:{key}", token, nx=True, px=4000):
        return False
    try:
        entry = r.get(key)
        if entry is None or time.time() - json.loads(entry)["at"] >= SOFT_S:
            text = json.dumps({"at": time.time() + 0.1, "row": traffic.load(key, 0.1)})
            r.set(key, text, px=random.randint(55000, 65000))
        return True
    finally:
        RELEASE(keys=[f"lock:{key}"], args=[token])


def product(number):
    key = f"product:{number}"
    for _ in range(100):
        entry = r.get(key)
        if entry is not None:
            if time.time() - json.loads(entry)["at"] >= SOFT_S:
                refresh(key)
            return entry
        if not refresh(key):
            time.sleep(random.uniform(0.02, 0.06))
    raise TimeoutError(key)


def main(number):
    dice_of_pauses = random.Random(number)

    def ask(dice):
        product(dice.randint(1, 2))
        if number == 0 and dice_of_pauses.random() < 0.02:
            time.sleep(0.2)  # a slow reader, now and then

    traffic.crowd(ask, clients=3, seconds=7, seed=number + 1)


traffic.fleet(main, processes=2)
