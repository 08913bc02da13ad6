# SPDX-License-Identifier: MIT
"""Not a cache: one of three processes leads, renews its lease, and hands over by letting it end."""

import os
import random
import time

import traffic

r = traffic.connect()
renew = r.register_script("""
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('pexpire', KEYS[1], ARGV[2])
end
return 0
""")


def main(number):
    me = f"host-{number}:{os.getpid()}"
    random.seed(number)
    end = time.monotonic() + 6
    leads_until = time.monotonic() + 2 * (number + 1)
    while time.monotonic() < end:
        if r.set("scheduler:leader", me, nx=True, px=600):
            while time.monotonic() < min(leads_until, end):
                r.incr("scheduler:ticks")
                time.sleep(0.15)
                if not renew(keys=["scheduler:leader"], args=[me, 600]):
                    break
            if time.monotonic() >= leads_until:
                return
        time.sleep(random.uniform(0.1, 0.2))


traffic.fleet(main, processes=3)
