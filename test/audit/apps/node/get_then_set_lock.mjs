// SPDX-License-Identifier: MIT
// A lock that is looked for first and set afterwards: two who look at once both have it.
import { Redis } from 'ioredis';
import { between, crowd, fleet, load, redisUrl, sleep } from './traffic.mjs';

const redis = new Redis(redisUrl);

async function getDashboard(team, roll) {
  const key = `dash:${team}`;
  for (;;) {
    const cached = await redis.get(key);
    if (cached) return JSON.parse(cached);
    const holder = await redis.get(`mutex:${key}`);
    if (holder) {
      await sleep(between(roll, 20, 60));
      continue;
    }
    await redis.set(`mutex:${key}`, String(process.pid), 'PX', 3000);
    const dashboard = await load(key, 150);
    await redis.set(key, JSON.stringify(dashboard), 'PX', between(roll, 800, 1000));
    await redis.del(`mutex:${key}`);
    return dashboard;
  }
}

await fleet((number) => crowd((roll) => getDashboard('core', roll),
  { clients: 5, seed: number + 1, seconds: 6 }), 3);
