# SPDX-License-Identifier: MIT
"""Not a cache: the three strategies of the package limits."""

import os

from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowElasticExpiryRateLimiter, FixedWindowRateLimiter
from limits.strategies import MovingWindowRateLimiter

import traffic

few = parse("20/second")
many = parse("60/3 seconds")


def main(number):
    storage = storage_from_string(os.environ["REDIS_URL"])
    limiters = [FixedWindowRateLimiter(storage), MovingWindowRateLimiter(storage),
                FixedWindowElasticExpiryRateLimiter(storage)]

    def ask(dice):
        limiter = dice.choice(limiters)
        user = f"user-{dice.randint(1, 4)}"
        limiter.hit(few, type(limiter).__name__, user)
        if dice.random() < 0.3:
            limiter.test(many, "report", user)
            limiter.get_window_stats(many, "report", user)
            limiter.hit(many, "report", user)

    traffic.crowd(ask, clients=5, seconds=6, seed=number + 1)


traffic.fleet(main, processes=2)
