# SPDX-License-Identifier: MIT
"""A local copy in each process, dropped by a message; Redis behind it, with versioned keys.

A writer counts the version up and tells everybody. A load that began before stores under the
version it read before it began, where nobody looks any more.
"""

import json
import os
import random
import threading
import time
import uuid

import traffic

r = traffic.connect()
local = {}
release = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def get_settings(tenant):
    kept = local.get(tenant)
    if kept is not None:
        return kept
    for _ in range(100):
        version = r.get(f"settings:version:{tenant}") or "0"
        key = f"settings:{tenant}:v{version}"
        cached = r.get(key)
        if cached is not None:
            local[tenant] = json.loads(cached)
            return local[tenant]
        token = uuid.uuid4().hex
        if r.set(f"{key}:lock", token, nx=True, px=3000):
            try:
                if not r.exists(key):
                    settings = traffic.load(key, 0.1)
                    r.set(key, json.dumps(settings), px=random.randint(20000, 30000))
            finally:
                release(keys=[f"{key}:lock"], args=[token])
        else:
            time.sleep(random.uniform(0.01, 0.04))
    raise TimeoutError(tenant)


def listen(pubsub):
    for message in pubsub.listen():
        if message["type"] != "message":
            continue
        if message["data"] == f"stop {os.getpid()}":
            break
        local.pop(message["data"], None)


def change_settings(tenant):
    pipe = r.pipeline()
    pipe.incr(f"settings:version:{tenant}")
    pipe.publish("settings:changed", tenant)
    pipe.execute()


def main(number):
    random.seed(number)
    pubsub = r.pubsub()
    pubsub.subscribe("settings:changed")
    listener = threading.Thread(target=listen, args=(pubsub,))
    listener.start()
    writer = threading.Thread(target=lambda: [
        (time.sleep(0.8), change_settings(f"t{n % 2}")) for n in range(5)])
    if number == 0:
        writer.start()
    traffic.crowd(lambda dice: get_settings(f"t{dice.randint(0, 1)}"), clients=5, seconds=5)
    r.publish("settings:changed", f"stop {os.getpid()}")
    listener.join()
    if number == 0:
        writer.join()


traffic.fleet(main, processes=2)
