// SPDX-License-Identifier: MIT
// async-cache-dedupe with Redis in four processes: each of them loads.
import { createCache } from 'async-cache-dedupe';
import { Redis } from 'ioredis';
import { crowd, fleet, load, redisUrl } from '../node/traffic.mjs';

const cache = createCache({
  ttl: 1, storage: { type: 'redis', options: { client: new Redis(redisUrl) } },
});
cache.define('book', async (id) => load(`book~${id}`, 180));

await fleet(() => crowd(() => cache.book('isbn-1'), { clients: 6, seconds: 8 }), 4);
