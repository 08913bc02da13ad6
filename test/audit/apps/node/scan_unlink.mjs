// SPDX-License-Identifier: MIT
// A price list is renewed by SCAN and UNLINK, in small steps; loads of one process are coalesced.
import { createClient } from 'redis';
import { between, crowd, fleet, load, redisUrl, sleep } from './traffic.mjs';

const redis = createClient({ url: redisUrl });
await redis.connect();
const loading = new Map();

async function getPrice(id, roll) {
  const key = `shop:prices:${id}`;
  const cached = await redis.get(key);
  if (cached) return JSON.parse(cached);
  if (!loading.has(key)) {
    loading.set(key, loadPrice(key, roll).finally(() => loading.delete(key)));
  }
  return loading.get(key);
}

async function loadPrice(key, roll) {
  const price = await load(key, 60);
  await redis.set(key, JSON.stringify(price), { PX: between(roll, 2000, 3000) });
  return price;
}

async function newPrices() {
  await Promise.all(loading.values());
  for await (const key of redis.scanIterator({ MATCH: 'shop:prices:*', COUNT: 50 })) {
    await redis.unlink(key);
  }
}

await fleet(async () => {
  const importing = (async () => {
    for (let n = 0; n < 3; ++n) {
      await sleep(1300);
      await newPrices();
    }
  })();
  await crowd((roll) => getPrice(between(roll, 1, 12), roll), { clients: 8 });
  await importing;
}, 1);
