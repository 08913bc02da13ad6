// SPDX-License-Identifier: MIT
// Serve stale, refresh behind the request: but each request that sees a stale value does so.
import { createClient } from 'redis';
import { crowd, fleet, load, redisUrl } from './traffic.mjs';

const redis = createClient({ url: redisUrl });
await redis.connect();
const FRESH_MS = 1000;

async function getStatus(service) {
  const key = `status:page:${service}`;
  const entry = JSON.parse(await redis.get(key));
  if (entry.at + FRESH_MS < Date.now()) void refresh(key);
  return entry.status;
}

async function refresh(key) {
  const status = await load(key, 150);
  await redis.set(key, JSON.stringify({ status, at: Date.now() }), { EX: 300 });
}

await fleet(async () => {
  if (!(await redis.exists('status:page:api'))) await refresh('status:page:api');
  await crowd(() => getStatus('api'), { clients: 8, seconds: 6 });
});
