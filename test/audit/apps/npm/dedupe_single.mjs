// SPDX-License-Identifier: MIT
// async-cache-dedupe with Redis in one process: callers of one key share a load.
import { createCache } from 'async-cache-dedupe';
import { Redis } from 'ioredis';
import { between, crowd, load, redisUrl } from '../node/traffic.mjs';

const cache = createCache({
  ttl: 1, storage: { type: 'redis', options: { client: new Redis(redisUrl) } },
});
cache.define('book', async (id) => load(`book~${id}`, 150));

await crowd((roll) => cache.book(`isbn-${between(roll, 1, 3)}`), { clients: 10, seconds: 7 });
process.exit(0);
