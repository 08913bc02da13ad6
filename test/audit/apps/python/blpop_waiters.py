# SPDX-License-Identifier: MIT
"""Who loses the lock sleeps in BLPOP on a list that the holder feeds, and then reads again."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
LEASE_MS = 2000
done = r.register_script("""
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('del', KEYS[1])
for i = 1, 12 do redis.call('rpush', KEYS[2], '1') end
redis.call('pexpire', KEYS[2], 500)
return 1
""")


def get_forecast(city):
    key, lock, bell = f"wx:v3:{city}", f"wx:v3:lock:{city}", f"wx:v3:bell:{city}"
    deadline = time.monotonic() + 2 * LEASE_MS / 1000
    while time.monotonic() < deadline:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        token = uuid.uuid4().hex
        if not r.set(lock, token, nx=True, px=LEASE_MS):
            r.blpop(bell, timeout=1)
            continue
        try:
            cached = r.get(key)
            if cached is None:
                cached = json.dumps(traffic.load(key, 0.2))
                r.set(key, cached, px=random.randint(700, 1000))
            return json.loads(cached)
        finally:
            done(keys=[lock, bell], args=[token])
    raise TimeoutError(key)


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_forecast("oslo"), clients=5, seconds=5, seed=number)


traffic.fleet(main, processes=2)
