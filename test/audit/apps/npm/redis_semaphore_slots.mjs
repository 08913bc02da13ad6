// SPDX-License-Identifier: MIT
// Not a cache: redis-semaphore's Semaphore lets four of the callers work at a time.
import { Redis } from 'ioredis';
import { Semaphore } from 'redis-semaphore';
import { between, crowd, fleet, redisUrl, sleep } from '../node/traffic.mjs';

const redis = new Redis(redisUrl);

await fleet((number) => crowd(async (roll) => {
  const slots = new Semaphore(redis, 'printers', 4, {
    lockTimeout: 1500, refreshInterval: 400, retryInterval: 25,
  });
  await slots.acquire();
  await sleep(between(roll, 20, 120));
  await slots.release();
}, { clients: 5, seconds: 6, seed: number + 1 }));
