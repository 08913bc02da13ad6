# SPDX-License-Identifier: MIT
"""Django's get_or_set: the value is added with NX, so only one store is seen, of many loads."""

import os

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
    return cache.get_or_set(key, lambda: traffic.load(key, 0.2), timeout=1)


def main(_):
    traffic.crowd(lambda dice: sales("north"), clients=8, seconds=5)


traffic.fleet(main, processes=2)
