// SPDX-License-Identifier: MIT
// ioredis on a cluster: cache-aside without a lock.
import Redis from 'ioredis';
import { between, crowd, load, redisUrl } from './traffic.mjs';

const at = new URL(redisUrl);
const redis = new Redis.Cluster([{ host: at.hostname, port: Number(at.port) }]);

async function getPrice(number) {
  const key = `shop:v1:price:${number}`;
  const cached = await redis.get(key);
  if (cached !== null) return JSON.parse(cached);
  const price = await load(key, 80);
  await redis.set(key, JSON.stringify(price), 'PX', 700);
  return price;
}

await crowd((roll) => getPrice(between(roll, 1, 4)), { clients: 8 });
redis.disconnect();
