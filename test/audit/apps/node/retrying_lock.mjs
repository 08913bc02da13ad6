// SPDX-License-Identifier: MIT
// A lock whose token says nothing, freed by whoever is done, and no second look at the cache.
import { Redis } from 'ioredis';
import { crowd, fleet, load, redisUrl, sleep } from './traffic.mjs';

const redis = new Redis(redisUrl);

async function getTrends(region) {
  const key = `trends:${region}`;
  const cached = await redis.get(key);
  if (cached) return JSON.parse(cached);

  const lock = await redis.set(`lock:${key}`, '1', 'EX', 5, 'NX');
  if (!lock) {
    await sleep(50);
    return getTrends(region);
  }
  const trends = await load(key, 200);
  await redis.set(key, JSON.stringify(trends), 'PX', 900);
  await redis.del(`lock:${key}`);
  return trends;
}

await fleet(() => crowd(() => getTrends('eu'), { clients: 6 }));
