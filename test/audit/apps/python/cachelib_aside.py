# SPDX-License-Identifier: MIT
"""cachelib's RedisCache as a plain cache: read, load, store."""

import os
import urllib.parse

from cachelib.redis import RedisCache

import traffic

url = urllib.parse.urlsplit(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))
cache = RedisCache(host=url.hostname, port=url.port, key_prefix="wiki:")


def article(title):
    text = cache.get(title)
    if text is None:
        text = traffic.load(f"wiki:{title}", 0.15)
        cache.set(title, text, timeout=1)
    return text


traffic.fleet(lambda _: traffic.crowd(lambda dice: article("redis"), clients=6, seconds=6))
