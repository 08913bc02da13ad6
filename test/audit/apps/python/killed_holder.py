# SPDX-License-Identifier: MIT
"""A worker is killed while it holds the lock of a sound implementation: its lease must run out."""

import json
import os
import random
import signal
import time
import uuid

import traffic

r = traffic.connect()
release = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def get_plan(number, fatal):
    key = f"trips:plan:{number}"
    lock = f"trips:lock:{number}"
    for _ in range(200):
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=1200):
            try:
                cached = r.get(key)
                if cached is None:
                    if fatal:
                        os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does, out of memory
                    cached = json.dumps(traffic.load(key, 0.1))
                    r.set(key, cached, px=random.randint(500, 700))
                return json.loads(cached)
            finally:
                release(keys=[lock], args=[token])
        time.sleep(random.uniform(0.01, 0.05))
    raise TimeoutError(key)


def victims():
    """Workers that die in their first load; a supervisor starts the next one."""
    end = time.monotonic() + 6
    while time.monotonic() < end:
        child = os.fork()
        if child == 0:
            r.connection_pool.reset()
            while True:
                get_plan(1, fatal=True)
                time.sleep(0.005)
        os.waitpid(child, 0)


def main(number):
    random.seed(number)
    if number == 0:
        victims()
        return
    traffic.crowd(lambda dice: get_plan(1, fatal=False), clients=4, seconds=7, seed=number)


traffic.fleet(main, processes=2)
