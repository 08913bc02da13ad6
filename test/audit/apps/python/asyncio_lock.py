# SPDX-License-Identifier: MIT
"""An asyncio.Lock per key and a second look: one load per process, and there are four."""

import asyncio
import collections
import json
import os
import random
import time

import redis.asyncio

import traffic

locks = collections.defaultdict(asyncio.Lock)


async def get_feed(r, name):
    key = f"feed:v2:{name}"
    cached = await r.get(key)
    if cached is not None:
        return json.loads(cached)
    async with locks[key]:
        cached = await r.get(key)
        if cached is not None:
            return json.loads(cached)
        traffic.note_load(key)
        await asyncio.sleep(0.2)
        feed = {"name": name, "entries": list(range(20))}
        await r.set(key, json.dumps(feed), px=random.randint(900, 1000))
        return feed


async def visitor(r, end):
    while time.monotonic() < end:
        await get_feed(r, "frontpage")
        await asyncio.sleep(random.uniform(0.01, 0.04))


async def serve():
    r = redis.asyncio.from_url(os.environ["REDIS_URL"], decode_responses=True)
    end = time.monotonic() + 6
    await asyncio.gather(*(visitor(r, end) for _ in range(6)))
    await r.close()


traffic.fleet(lambda number: asyncio.run(serve()), processes=4)
