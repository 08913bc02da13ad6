// SPDX-License-Identifier: MIT
// A sound lock, but a row that is not there is never stored: each who waited asks again.
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { between, crowd, fleet, load, redisUrl, sleep } from './traffic.mjs';

const redis = new Redis(redisUrl);
redis.defineCommand('release', {
  numberOfKeys: 1,
  lua: `if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end
        return 0`,
});

async function findCoupon(code) {
  await load(`coupons:${code}`, 80);
  return code.startsWith('SPRING') ? { code, percent: 10 } : null;
}

async function getCoupon(code, roll) {
  const key = `coupons:${code}`;
  for (;;) {
    const cached = await redis.get(key);
    if (cached !== null) return JSON.parse(cached);
    const token = randomUUID();
    if (await redis.set(`coupons:lock:${code}`, token, 'PX', 3000, 'NX')) {
      try {
        const again = await redis.get(key);
        if (again !== null) return JSON.parse(again);
        const coupon = await findCoupon(code);
        if (coupon) await redis.set(key, JSON.stringify(coupon), 'PX', between(roll, 900, 1200));
        return coupon;
      } finally {
        await redis.release(`coupons:lock:${code}`, token);
      }
    }
    await sleep(between(roll, 10, 40));
  }
}

const codes = ['SPRING-1', 'SPRING-2', 'SUMMER-1', 'SUMMER-2'];
await fleet((number) => crowd((roll) => getCoupon(codes[between(roll, 0, 3)], roll),
  { clients: 4, seed: number + 1 }));
