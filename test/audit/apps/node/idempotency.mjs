// SPDX-License-Identifier: MIT
// Not a cache: payments that must happen once, one-time codes, and messages seen before.
import { createClient } from 'redis';
import { between, crowd, fleet, redisUrl, sleep } from './traffic.mjs';

const redis = createClient({ url: redisUrl });
await redis.connect();

async function pay(payment) {
  const key = `pay:idempotency:${payment}`;
  const first = await redis.set(key, 'running', { NX: true, EX: 600 });
  if (!first) return redis.get(key);
  await sleep(40);
  await redis.set(key, JSON.stringify({ payment, state: 'paid' }), { XX: true, EX: 600 });
  return 'paid';
}

async function logIn(user, roll) {
  await redis.set(`otp:${user}`, String(between(roll, 100000, 999999)), { EX: 120 });
  await sleep(20);
  return redis.getDel(`otp:${user}`);
}

const seenBefore = async (message) =>
  !(await redis.set(`dedup:message:${message}`, '1', { NX: true, EX: 300 }));

async function request(roll) {
  const what = between(roll, 1, 3);
  if (what === 1) await pay(between(roll, 1, 200));
  else if (what === 2) await logIn(`u-${between(roll, 1, 400)}`, roll);
  else await seenBefore(between(roll, 1, 300));
}

await fleet((number) => crowd(request, { clients: 6, seed: number + 1 }));
