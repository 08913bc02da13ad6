// SPDX-License-Identifier: MIT
// cache-manager in the only process there is; keyv deletes for itself what it finds too old.
import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { between, crowd, fleet, load, redisUrl } from './traffic.mjs';

const cache = createCache({
  stores: [new Keyv({ store: new KeyvRedis(redisUrl), namespace: 'blog' })],
});

const getPost = (number, roll) => cache.wrap(`post:${number}`,
  () => load(`blog:post:${number}`, 120), { ttl: between(roll, 700, 900) });

await fleet(() => crowd((roll) => getPost(between(roll, 1, 3), roll), { clients: 8 }), 1);
