# SPDX-License-Identifier: MIT
"""advised_app.py SETTINGS: a cache whose settings are parameters, for advise_test.py. REDIS_URL
names the server. Prints the number of loads as its origin counts them.

SETTINGS is a JSON object:
  seconds           how long the callers read
  load_ms           how long a load takes
  ttl_ms, jitter    0.1: from 90 % to 110 % of the ttl
  early_refresh_ms  0: values are never refreshed early
  lease_ms          0: every caller that misses loads
"""

import itertools
import json
import os
import random
import sys
import threading
import time

import command_app

CALLERS = 6
KEYS = 4
settings = json.loads(sys.argv[1])
loads = itertools.count()


def load_and_store(redis, key):
    next(loads)
    time.sleep(settings["load_ms"] / 1000)
    ttl = settings["ttl_ms"] * (1 + settings["jitter"] * random.uniform(-1, 1))
    fresh_until = time.time() + (ttl - settings["early_refresh_ms"]) / 1000
    redis.ask("SET", key, json.dumps({"fresh_until": fresh_until}), "PX", int(ttl))


def try_lease(redis, key, again):
    """Loads under a lease, if it is free. `again`: the value may have been stored meanwhile."""
    token = os.urandom(8).hex()
    if redis.ask("SET", f"lock:{key}", token, "NX", "PX", int(settings["lease_ms"])) is None:
        return False
    if again(redis.ask("GET", key)):
        load_and_store(redis, key)
    redis.ask("EVAL", command_app.RELEASE, 1, f"lock:{key}", token)
    return True


def is_due(value):
    return value is None or json.loads(value)["fresh_until"] <= time.time()


def read(redis, key):
    value = redis.ask("GET", key)
    if value is not None:
        if settings["early_refresh_ms"] and is_due(value):
            try_lease(redis, key, is_due)
        return
    if not settings["lease_ms"]:
        load_and_store(redis, key)
        return
    while not try_lease(redis, key, lambda found: found is None):
        time.sleep(random.uniform(0.003, 0.008))
        if redis.ask("GET", key) is not None:
            return


def call(caller):
    redis = command_app.client()
    end = time.monotonic() + settings["seconds"]
    for turn in itertools.count(caller):
        if time.monotonic() >= end:
            return
        read(redis, f"page:{turn % KEYS}")
        time.sleep(random.uniform(0.001, 0.004))


threads = [threading.Thread(target=call, args=(caller,)) for caller in range(CALLERS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(next(loads))
