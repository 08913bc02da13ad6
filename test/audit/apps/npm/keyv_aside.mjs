// SPDX-License-Identifier: MIT
// Keyv stores values and knows nothing of loads: every caller that finds nothing loads.
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { crowd, fleet, load, redisUrl } from '../node/traffic.mjs';

const cache = new Keyv({ store: new KeyvRedis(redisUrl), namespace: 'shop' });

async function article(number) {
  const known = await cache.get(`article:${number}`);
  if (known !== undefined) return known;
  const fresh = await load(`shop::shop:article:${number}`, 150);
  await cache.set(`article:${number}`, fresh, 1000);
  return fresh;
}

await fleet(() => crowd(() => article(7), { clients: 6, seconds: 6 }), 2);
