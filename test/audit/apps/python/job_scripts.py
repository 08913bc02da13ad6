# SPDX-License-Identifier: MIT
"""Not a cache: a queue whose steps are scripts over lists, sorted sets and hashes."""

import time
import uuid

import traffic

r = traffic.connect()
ADD = r.register_script("""
local id = redis.call('INCR', KEYS[1])
redis.call('HSET', KEYS[2] .. id, 'data', ARGV[1])
if redis.call('EXISTS', KEYS[4]) == 0 then
    redis.call('SET', KEYS[4], '1')
end
redis.call('LPUSH', KEYS[3], id)
redis.call('PUBLISH', KEYS[5], id)
return id
""")
TAKE = r.register_script("""
local id = redis.call('RPOPLPUSH', KEYS[1], KEYS[2])
if not id then
    return nil
end
redis.call('SET', KEYS[3] .. id .. ':owner', ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[4], ARGV[3], id)
return id
""")
FINISH = r.register_script("""
if redis.call('GET', KEYS[3]) ~= ARGV[1] then
    return 0
end
redis.call('DEL', KEYS[3])
redis.call('LREM', KEYS[1], 0, ARGV[2])
redis.call('ZREM', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[4])
return 1
""")


def produce(_dice):
    r.lrange("jobs:waiting", 0, -1)
    ADD(keys=["jobs:id", "jobs:job:", "jobs:waiting", "jobs:busy", "jobs:events"], args=["x" * 90])


def work(_dice):
    owner = uuid.uuid4().hex
    job = TAKE(keys=["jobs:waiting", "jobs:active", "jobs:job:", "jobs:since"],
               args=[owner, 5000, time.time()])
    if job is None:
        return
    r.hgetall(f"jobs:job:{job}")
    FINISH(keys=["jobs:active", "jobs:since", f"jobs:job:{job}:owner", "jobs:busy"],
           args=[owner, job])


def main(number):
    traffic.crowd(work if number else produce, clients=3, seconds=4, seed=number + 1)


traffic.fleet(main, processes=3)
