# SPDX-License-Identifier: MIT
"""A hash as the cached value, stored with its lifetime in one transaction, under a lock."""

import random
import time
import uuid

import traffic

r = traffic.connect()
release = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def get_account(number):
    key = f"bank:account:{number}"
    for _ in range(200):
        account = r.hgetall(key)
        if account:
            return account
        token = uuid.uuid4().hex
        if r.set(f"bank:lock:{number}", token, nx=True, px=3000):
            try:
                account = r.hgetall(key)
                return account or load(key)
            finally:
                release(keys=[f"bank:lock:{number}"], args=[token])
        time.sleep(random.uniform(0.01, 0.04))
    raise TimeoutError(key)


def load(key):
    account = traffic.load(key, 0.12)
    pipe = r.pipeline(transaction=True)
    pipe.delete(key)
    pipe.hset(key, mapping=account)
    pipe.pexpire(key, random.randint(900, 1200))
    pipe.execute()
    return account


def main(number):
    random.seed(number)
    traffic.crowd(lambda dice: get_account(dice.randint(1, 2)), clients=5, seconds=5)


traffic.fleet(main, processes=2)
