# SPDX-License-Identifier: MIT
"""Flask-Caching's cached(): it reads, calls the function and stores, and guards nothing."""

import os

from flask import Flask
from flask_caching import Cache

import traffic

app = Flask("shop")
cache = Cache(app, config={"CACHE_TYPE": "RedisCache", "CACHE_KEY_PREFIX": "shop:",
                           "CACHE_REDIS_URL": os.environ.get("REDIS_URL")})


@cache.cached(timeout=1, key_prefix="stock")
def stock():
    return traffic.load("shop:stock", 0.15)


def ask(_):
    with app.app_context():
        stock()


traffic.fleet(lambda _: traffic.crowd(ask, clients=6, seconds=6))
