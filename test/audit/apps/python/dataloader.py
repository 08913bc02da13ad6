# SPDX-License-Identifier: MIT
"""One process gathers what is asked for within 5 ms: one MGET, one query for what is missing, one
pipeline that stores it. A key that is being loaded is waited for, not asked for again."""

import asyncio
import json
import os
import random
import time

import redis.asyncio

import traffic


class loader:
    def __init__(self, r):
        self.r = r
        self.waiting = {}
        self.batch = []

    def get(self, number):
        key = f"shop:v2:price:{number}"
        if key not in self.waiting:
            self.waiting[key] = asyncio.get_running_loop().create_future()
            self.batch.append(key)
            if len(self.batch) == 1:
                asyncio.ensure_future(self.fetch())
        return self.waiting[key]

    async def fetch(self):
        await asyncio.sleep(0.005)
        keys, self.batch = self.batch, []
        found = dict(zip(keys, await self.r.mget(keys)))
        missing = [key for key, value in found.items() if value is None]
        if missing:
            found.update(await self.query(missing))
        for key, value in found.items():
            self.waiting.pop(key).set_result(json.loads(value))

    async def query(self, keys):
        for key in keys:
            traffic.note_load(key)
        await asyncio.sleep(0.12)
        rows = {key: json.dumps({"price": random.randint(1, 99), "at": time.time()})
                for key in keys}
        async with self.r.pipeline(transaction=False) as pipe:
            for key, row in rows.items():
                pipe.set(key, row, px=random.randint(600, 1200))
            await pipe.execute()
        return rows


async def visitor(prices, end):
    while time.monotonic() < end:
        await asyncio.gather(*(prices.get(n) for n in random.sample(range(6), 3)))
        await asyncio.sleep(random.uniform(0.01, 0.04))


async def main():
    r = redis.asyncio.from_url(os.environ["REDIS_URL"], decode_responses=True)
    prices = loader(r)
    end = time.monotonic() + 5
    await asyncio.gather(*(visitor(prices, end) for _ in range(10)))
    await r.close()


random.seed(3)
asyncio.run(main())
