# SPDX-License-Identifier: MIT
"""A lock with token, lease, double check and release by script, on a cluster. The lock and the
value are in different slots."""

import json
import os
import random
import time
import urllib.parse
import uuid

import redis.cluster
import traffic

LEASE_MS = 3000
RELEASE = """
if redis.call('get', KEYS[1]) == ARGV[1] then
  return redis.call('del', KEYS[1])
end
return 0
"""


def connect():
    at = urllib.parse.urlsplit(os.environ["REDIS_URL"])
    return redis.cluster.RedisCluster(host=at.hostname, port=at.port, decode_responses=True)


def get_article(r, number):
    key = f"news:v1:article:{number}"
    lock = f"news:v1:lock:article:{number}"
    deadline = time.monotonic() + LEASE_MS / 1000 + 1
    wait = 0.02
    while True:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=LEASE_MS):
            return load_locked(r, key, lock, token)
        if time.monotonic() > deadline:
            raise TimeoutError(f"{key} is still being loaded")
        time.sleep(random.uniform(0.01, wait))
        wait = min(wait * 2, 0.1)


def load_locked(r, key, lock, token):
    try:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        article = traffic.load(key, 0.18)
        r.set(key, json.dumps(article), px=random.randint(800, 1100))
        return article
    finally:
        r.eval(RELEASE, 1, lock, token)


def main(number):
    random.seed(number)
    r = connect()
    traffic.crowd(lambda dice: get_article(r, dice.randint(1, 3)), clients=6, seconds=5)


traffic.fleet(main, processes=2)
