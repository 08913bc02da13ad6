// SPDX-License-Identifier: MIT
// Not a cache: ratelimiter, a sliding window in a sorted set.
import { Redis } from 'ioredis';
import Limiter from 'ratelimiter';
import { promisify } from 'node:util';
import { between, crowd, fleet, redisUrl } from '../node/traffic.mjs';

const db = new Redis(redisUrl);

await fleet((number) => crowd(async (roll) => {
  const limit = new Limiter({ id: `user-${between(roll, 1, 5)}`, db, max: 20, duration: 1000 });
  await promisify(limit.get.bind(limit))();
}, { clients: 6, seconds: 6, seed: number + 1 }));
