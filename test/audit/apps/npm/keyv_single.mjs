// SPDX-License-Identifier: MIT
// Keyv in a single process. A map of running loads lets all callers wait for one.
import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import { between, crowd, load, redisUrl, sleep } from '../node/traffic.mjs';

const cache = new Keyv({ store: new KeyvRedis(redisUrl), namespace: 'shop' });
const running = new Map();

async function loadOnce(number, roll) {
  const fresh = await load(`shop::shop:article:${number}`, 150);
  await cache.set(`article:${number}`, fresh, between(roll, 800, 1100));
  return fresh;
}

async function article(number, roll) {
  const known = await cache.get(`article:${number}`);
  if (known !== undefined) return known;
  if (!running.has(number)) {
    running.set(number, loadOnce(number, roll).finally(() => running.delete(number)));
  }
  return running.get(number);
}

await crowd((roll) => article(between(roll, 1, 4), roll), { clients: 8, seconds: 6 });
await sleep(50);
process.exit(0);
