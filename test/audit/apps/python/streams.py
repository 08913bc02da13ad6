# SPDX-License-Identifier: MIT
"""Not a cache: orders as a stream with a consumer group, and delayed jobs in a sorted set."""

import threading
import time

import redis

import traffic

r = traffic.connect()
try:
    r.xgroup_create("orders", "billing", id="0", mkstream=True)
except redis.ResponseError:
    pass  # it is there already


def produce(dice):
    r.xadd("orders", {"user": dice.randint(1, 9), "sum": dice.randint(5, 99)}, maxlen=1000)
    if dice.random() < 0.2:
        r.zadd("jobs:delayed", {f"mail:{dice.randint(1, 500)}": time.time() + 0.5})


def consume(name, end):
    while time.monotonic() < end:
        for _, entries in r.xreadgroup("billing", name, {"orders": ">"}, count=10, block=200) or []:
            for entry, _ in entries:
                r.xack("orders", "billing", entry)
        for job in r.zrangebyscore("jobs:delayed", 0, time.time()):
            if r.zrem("jobs:delayed", job):
                r.incr("jobs:done")


end_of_it = time.monotonic() + 5
consumers = [threading.Thread(target=consume, args=(f"c{n}", end_of_it)) for n in range(2)]
for each in consumers:
    each.start()
traffic.crowd(produce, clients=3, seconds=4.5)
for each in consumers:
    each.join()
