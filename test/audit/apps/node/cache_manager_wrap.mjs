// SPDX-License-Identifier: MIT
// cache-manager's wrap() in four processes: each of them loads.
import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { crowd, fleet, load, redisUrl } from './traffic.mjs';

const cache = createCache({
  stores: [new Keyv({ store: new KeyvRedis(redisUrl), namespace: 'blog' })],
  ttl: 900,
});

const getPost = (slug) => cache.wrap(`post:${slug}`, () => load(`blog:post:${slug}`, 200));

await fleet(() => crowd(() => getPost('hello'), { clients: 6, seconds: 6 }), 4);
