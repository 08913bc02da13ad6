# SPDX-License-Identifier: MIT
"""Django: a lock with a timeout around the load, and a second look under it."""

import os
import random

import django
from django.conf import settings

import traffic

settings.configure(CACHES={"default": {
    "BACKEND": "django_redis.cache.RedisCache",
    "LOCATION": os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"),
    "KEY_PREFIX": "reports",
}})
django.setup()

from django.core.cache import cache  # noqa: E402  (after the settings)


def sales(region):
    key = f"sales:{region}"
    report = cache.get(key)
    if report is not None:
        return report
    with cache.lock(f"lock:{key}", timeout=5, blocking_timeout=6):
        report = cache.get(key)
        if report is None:
            report = traffic.load(key, 0.2)
            cache.set(key, report, timeout=random.uniform(0.9, 1.2))
        return report


def main(_):
    traffic.crowd(lambda dice: sales("north"), clients=6, seconds=5)


traffic.fleet(main, processes=2)
