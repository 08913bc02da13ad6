# SPDX-License-Identifier: MIT
"""SET NX GET asks for the value and, if there is none, leaves a mark that this caller loads."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
REPLACE = r.register_script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return 1
end
return 0
""")


def page(number):
    key = f"page:{number}"
    mark = f"loading {uuid.uuid4().hex}"
    for _ in range(100):
        found = r.set(key, mark, nx=True, get=True, px=3000)
        if found is None:
            text = json.dumps(traffic.load(key, 0.12))
            REPLACE(keys=[key], args=[mark, text, random.randint(700, 1100)])
            return text
        if not found.startswith("loading "):
            return found
        time.sleep(random.uniform(0.02, 0.07))
    raise TimeoutError(key)


def main(number):
    traffic.crowd(lambda dice: page(dice.randint(1, 2)), clients=5, seed=number + 1)


traffic.fleet(main, processes=2)
