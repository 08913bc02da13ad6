# SPDX-License-Identifier: MIT
"""asyncio: one caller per process by an asyncio.Lock, one process by redis-py's Lock with a
timeout, and a second look under both."""

import asyncio
import collections
import json
import os
import random
import time

import redis.asyncio

import traffic

locks = collections.defaultdict(asyncio.Lock)


async def get_menu(r, place):
    key = f"food:v1:menu:{place}"
    cached = await r.get(key)
    if cached is None:
        async with locks[key]:
            cached = await r.get(key)
            if cached is None:
                cached = await load_alone(r, key)
    return json.loads(cached)


async def load_alone(r, key):
    lock = r.lock(f"{key}:lock", timeout=3, blocking_timeout=4, sleep=random.uniform(0.02, 0.06))
    async with lock:
        cached = await r.get(key)
        if cached is None:
            traffic.note_load(key)
            await asyncio.sleep(0.2)
            cached = json.dumps({"place": key, "dishes": list(range(30))})
            await r.set(key, cached, px=random.randint(700, 1000))
        return cached


async def guest(r, end):
    while time.monotonic() < end:
        await get_menu(r, "harbour")
        await asyncio.sleep(random.uniform(0.01, 0.04))


async def serve(number):
    random.seed(number)
    r = redis.asyncio.from_url(os.environ["REDIS_URL"], decode_responses=True)
    end = time.monotonic() + 5
    await asyncio.gather(*(guest(r, end) for _ in range(5)))
    await r.close()


traffic.fleet(lambda number: asyncio.run(serve(number)), processes=3)
