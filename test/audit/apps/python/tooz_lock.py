# SPDX-License-Identifier: MIT
"""OpenStack's tooz: a coordinator's lock around the load, and a second look under it."""

import json
import os
import random

from tooz import coordination

import traffic

redis_client = traffic.connect()


def report(coordinator, region):
    key = f"billing:report:{region}"
    cached = redis_client.get(key)
    if cached:
        return json.loads(cached)
    with coordinator.get_lock(f"report-{region}".encode()):
        cached = redis_client.get(key)
        if cached:
            return json.loads(cached)
        fresh = traffic.load(key, 0.15)
        redis_client.set(key, json.dumps(fresh), px=random.randint(800, 1100))
        return fresh


def main(number):
    coordinator = coordination.get_coordinator(
        os.environ["REDIS_URL"] + "?timeout=5&lock_timeout=5", f"worker-{number}".encode())
    coordinator.start(start_heart=True)
    traffic.crowd(lambda dice: report(coordinator, f"r{dice.randint(1, 2)}"), clients=1, seconds=7,
                  seed=number + 1)
    coordinator.stop()


traffic.fleet(main, processes=6)
