# SPDX-License-Identifier: MIT
"""Not a cache: at most three exports at once, by a sorted set, and a nightly job that runs once."""

import random
import time
import uuid

import traffic

r = traffic.connect()
enter = r.register_script("""
redis.call('zremrangebyscore', KEYS[1], '-inf', ARGV[2] - ARGV[3])
if redis.call('zcard', KEYS[1]) < tonumber(ARGV[4]) then
  redis.call('zadd', KEYS[1], ARGV[2], ARGV[1])
  return 1
end
return 0
""")


def export():
    ticket = uuid.uuid4().hex
    if enter(keys=["export:running"], args=[ticket, time.time(), 5, 3]):
        time.sleep(0.1)
        r.zrem("export:running", ticket)


def nightly(minute):
    if r.set(f"cron:report:{minute}", "done", nx=True, ex=120):
        time.sleep(0.05)


def main(number):
    random.seed(number)
    begun = time.monotonic()

    def tick(dice):
        export()
        nightly(int((time.monotonic() - begun) * 2))

    traffic.crowd(tick, clients=5, seconds=5, seed=number)


traffic.fleet(main, processes=2)
