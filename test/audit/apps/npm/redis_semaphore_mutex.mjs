// SPDX-License-Identifier: MIT
// redis-semaphore's Mutex around the load, which it renews by itself, and a second look under it.
import { Redis } from 'ioredis';
import { Mutex } from 'redis-semaphore';
import { between, crowd, fleet, load, redisUrl } from '../node/traffic.mjs';

const redis = new Redis(redisUrl);

async function getTariff(id, roll) {
  const key = `power:tariff:${id}`;
  const cached = await redis.get(key);
  if (cached) return JSON.parse(cached);
  const mutex = new Mutex(redis, `tariff:${id}`, {
    lockTimeout: 2000, refreshInterval: 500, retryInterval: between(roll, 20, 50),
  });
  await mutex.acquire();
  try {
    const again = await redis.get(key);
    if (again) return JSON.parse(again);
    const tariff = await load(key, 150);
    await redis.set(key, JSON.stringify(tariff), 'PX', between(roll, 800, 1100));
    return tariff;
  } finally {
    await mutex.release();
  }
}

await fleet((number) => crowd((roll) => getTariff(between(roll, 1, 2), roll),
  { clients: 5, seconds: 6, seed: number + 1 }));
