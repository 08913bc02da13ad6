# SPDX-License-Identifier: MIT
"""The value is stored and the lock released by one script, which answers with a word."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
PUBLISH = r.register_script("""
local holder = redis.call('GET', KEYS[2])
if holder ~= ARGV[1] then
    return 'too late'
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return 'stored'
""")
RELEASE = r.register_script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
""")


def report(number):
    key, guard = f"report:{number}", f"report:{number}:busy"
    for _ in range(100):
        found = r.get(key)
        if found is not None:
            return json.loads(found)
        token = uuid.uuid4().hex
        if not r.set(guard, token, nx=True, px=4000):
            time.sleep(random.uniform(0.02, 0.07))
            continue
        found = r.get(key)
        if found is not None:
            RELEASE(keys=[guard], args=[token])
            return json.loads(found)
        text = json.dumps(traffic.load(key, 0.12))
        PUBLISH(keys=[key, guard], args=[token, text, random.randint(700, 1100)])
    raise TimeoutError(key)


def main(number):
    traffic.crowd(lambda dice: report(dice.randint(1, 2)), clients=5, seed=number + 1)


traffic.fleet(main, processes=2)
