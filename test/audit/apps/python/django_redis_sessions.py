# SPDX-License-Identifier: MIT
"""Not a cache: django-redis-sessions."""

import os
import urllib.parse

import django
from django.conf import settings

import traffic

url = urllib.parse.urlsplit(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))
settings.configure(
    SESSION_ENGINE="redis_sessions.session", SESSION_COOKIE_AGE=4, SECRET_KEY="paper",
    SESSION_REDIS={"host": url.hostname, "port": url.port, "db": 0, "prefix": "session",
                   "socket_timeout": 5})
django.setup()

from redis_sessions.session import SessionStore  # noqa: E402


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
