// SPDX-License-Identifier: MIT
// One of three processes leads by a lease that it renews, and loads every entry again well before
// its end. Readers, in all of them, only read; at the start they wait for the leader.
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { between, crowd, dice, fleet, load, redisUrl, sleep } from './traffic.mjs';

const LEASE_MS = 1500;
const NAMES = ['home', 'news', 'sport'];
const redis = new Redis(redisUrl);
redis.defineCommand('renew', {
  numberOfKeys: 1,
  lua: `if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
        return redis.call("PEXPIRE", KEYS[1], ARGV[2])`,
});

async function lead(me, roll, end) {
  const due = new Map(NAMES.map((name) => [name, 0]));
  while (Date.now() < end && await redis.renew('portal:leader', me, LEASE_MS)) {
    for (const [name, at] of due) {
      if (Date.now() < at) continue;
      const page = await load(`portal:page:${name}`, 80);
      await redis.set(`portal:page:${name}`, JSON.stringify(page), 'PX', 5000);
      due.set(name, Date.now() + between(roll, 1200, 1800));
    }
    await sleep(100);
  }
}

async function campaign(number, end) {
  const me = randomUUID();
  const roll = dice(number + 50);
  while (Date.now() < end) {
    if (await redis.set('portal:leader', me, 'PX', LEASE_MS, 'NX')) await lead(me, roll, end);
    else await sleep(between(roll, 200, 400));
  }
}

async function read(roll) {
  const name = NAMES[between(roll, 0, NAMES.length - 1)];
  for (let attempt = 0; attempt < 60; ++attempt) {
    const page = await redis.get(`portal:page:${name}`);
    if (page !== null) return JSON.parse(page);
    await sleep(between(roll, 20, 60));
  }
  throw new Error(`nobody has made ${name}`);
}

await fleet(async (number) => {
  await Promise.all([campaign(number, Date.now() + 6000),
    crowd(read, { clients: 4, seconds: 6, seed: number + 1 })]);
}, 3);
