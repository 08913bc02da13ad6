// SPDX-License-Identifier: MIT
// Each read prolongs the entry: what is asked for often is never loaded again.
import { Redis } from 'ioredis';
import { between, crowd, fleet, load, redisUrl } from './traffic.mjs';

const redis = new Redis(redisUrl);
const loading = new Map();

async function getProduct(id) {
  const key = `catalog:product:${id}`;
  const cached = await redis.get(key);
  if (cached) {
    await redis.expire(key, 1);
    return JSON.parse(cached);
  }
  if (!loading.has(key)) {
    loading.set(key, (async () => {
      const product = await load(key, 80);
      await redis.set(key, JSON.stringify(product), 'EX', 1);
      return product;
    })().finally(() => loading.delete(key)));
  }
  return loading.get(key);
}

await fleet(() => crowd((roll) => getProduct(between(roll, 1, 3)), { clients: 8, seconds: 6 }), 1);
