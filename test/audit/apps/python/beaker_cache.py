# SPDX-License-Identifier: MIT
"""Beaker's cache decorator over Redis: one caller creates a value under a lock, which it releases
with WATCH, GET and DEL outside of any transaction."""

import os

from beaker.cache import CacheManager

import traffic

manager = CacheManager(type="ext:redis", url=os.environ.get("REDIS_URL"))


@manager.cache("prices", expire=1)
def price(article):
    return traffic.load(f"price:{article}", 0.15)


traffic.fleet(lambda number: traffic.crowd(lambda dice: price(dice.randint(1, 2)), clients=5,
                                           seconds=7, seed=number + 1))
