# SPDX-License-Identifier: MIT
"""Not a cache: the channel layer of Django Channels, with groups and direct messages."""

import asyncio
import os
import random

from channels_redis.core import RedisChannelLayer

import traffic


async def chat(layer, number, member, seconds):
    dice = random.Random(number * 100 + member)
    channel = await layer.new_channel()
    room = f"room-{member % 3}"
    await layer.group_add(room, channel)
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        await layer.group_send(room, {"type": "chat.message", "text": str(dice.random())})
        try:
            await asyncio.wait_for(layer.receive(channel), 0.2)
        except asyncio.TimeoutError:
            pass
        await asyncio.sleep(dice.uniform(0.02, 0.08))
    await layer.group_discard(room, channel)


async def everybody(number):
    layer = RedisChannelLayer(hosts=[os.environ["REDIS_URL"]], expiry=5, group_expiry=20)
    await asyncio.gather(*(chat(layer, number, member, 6) for member in range(4)))


traffic.fleet(lambda number: asyncio.run(everybody(number)))
