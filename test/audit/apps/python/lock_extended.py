# SPDX-License-Identifier: MIT
"""redis-py's Lock, prolonged by a thread while a load runs that is longer than the lease."""

import json
import random
import threading

import redis

import traffic

r = traffic.connect()
LEASE_S = 0.8


def keep(lock, done):
    while not done.wait(LEASE_S / 4):
        try:
            lock.extend(LEASE_S, replace_ttl=True)
        except redis.exceptions.LockError:
            return


def get_sitemap(site):
    key = f"seo:sitemap:{site}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    lock = r.lock(f"{key}:lock", timeout=LEASE_S, sleep=0.04, blocking_timeout=5,
                  thread_local=False)
    with lock:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        done = threading.Event()
        keeper = threading.Thread(target=keep, args=(lock, done))
        keeper.start()
        try:
            sitemap = traffic.load(key, 1.2)
        finally:
            done.set()
            keeper.join()
        r.set(key, json.dumps(sitemap), px=random.randint(900, 1200))
        return sitemap


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_sitemap("example"), clients=4, seconds=8)


traffic.fleet(main, processes=2)
