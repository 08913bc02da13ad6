# SPDX-License-Identifier: MIT
"""dogpile.cache with both times set: the lock ends by itself, and so do the values."""

import os

from dogpile.cache import make_region

import traffic

region = make_region().configure(
    "dogpile.cache.redis",
    expiration_time=1,
    arguments={
        "url": os.environ.get("REDIS_URL"),
        "distributed_lock": True,
        "lock_timeout": 5,
        "redis_expiration_time": 30,
        "thread_local_lock": False,
    },
)


@region.cache_on_arguments(namespace="shop:product")
def product(number):
    return traffic.load(f"__main__:product|shop:product|{number}", 0.15)


def main(_):
    traffic.crowd(lambda dice: product(1), clients=6, seconds=5)


traffic.fleet(main, processes=2)
