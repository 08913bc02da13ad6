# SPDX-License-Identifier: MIT
"""Not a cache: Django's sessions, kept in its cache, which is Redis."""

import os

import django
from django.conf import settings

import traffic

settings.configure(
    CACHES={"default": {"BACKEND": "django_redis.cache.RedisCache",
                        "LOCATION": os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")}},
    SESSION_ENGINE="django.contrib.sessions.backends.cache", SESSION_COOKIE_AGE=4)
django.setup()

from django.contrib.sessions.backends.cache import SessionStore  # noqa: E402


def main(number):
    browsers = {}

    def request(dice):
        session = SessionStore(browsers.get(id(dice)))
        roll = dice.random()
        if roll < 0.03:
            session.flush()
        elif roll < 0.08:
            session.cycle_key()
        elif roll < 0.5:
            session["clicks"] = session.get("clicks", 0) + 1
        else:
            session.get("clicks")
        if session.modified:
            session.save()
        browsers[id(dice)] = session.session_key

    traffic.crowd(request, clients=6, seconds=6, seed=number + 1)


traffic.fleet(main)
