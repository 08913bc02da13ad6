// SPDX-License-Identifier: MIT
// A list of the last viewed products, kept as JSON: each worker reads it, adds, and writes it back.
import { createClient } from 'redis';
import { between, crowd, fleet, redisUrl, sleep } from './traffic.mjs';

const redis = createClient({ url: redisUrl });
await redis.connect();

async function view(product) {
  const key = 'viewed:user:17';
  const seen = JSON.parse(await redis.get(key)) ?? [];
  seen.unshift(product);
  await sleep(4);
  await redis.set(key, JSON.stringify(seen.slice(0, 10)), { EX: 3600 });
}

await fleet((number) => crowd((roll) => view(between(roll, 1, 500)),
  { clients: 1, seconds: 5, seed: number + 1, pause: [5, 25] }), 4);
