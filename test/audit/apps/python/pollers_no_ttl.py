# SPDX-License-Identifier: MIT
"""Waiters poll every two milliseconds while one of them loads a value that never expires."""

import json
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


def tile():
    key, lock = "map:tile:7", "map:tile:7:lock"
    for _ in range(5000):
        found = r.get(key)
        if found is not None:
            return json.loads(found)
        token = uuid.uuid4().hex
        if not r.set(lock, token, nx=True, px=4000):
            time.sleep(0.002)
            continue
        try:
            if r.get(key) is None:
                r.set(key, json.dumps(traffic.load(key, 0.2)))
        finally:
            RELEASE(keys=[lock], args=[token])
    raise TimeoutError(key)


def main(number):
    if number == 0:
        for _ in range(5):
            time.sleep(0.8)
            r.delete("map:tile:7")
        return
    traffic.crowd(lambda _dice: tile(), clients=1, seconds=4.5, seed=number)


traffic.fleet(main, processes=6)
