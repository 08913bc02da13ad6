// SPDX-License-Identifier: MIT
// Not a cache: rate-limiter-flexible: points for an address, and a block after too many log-ins.
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { between, crowd, fleet, redisUrl } from '../node/traffic.mjs';

const storeClient = new Redis(redisUrl, { enableOfflineQueue: true });
const pages = new RateLimiterRedis({ storeClient, keyPrefix: 'pages', points: 20, duration: 1 });
const logins = new RateLimiterRedis({
  storeClient, keyPrefix: 'login_fail', points: 5, duration: 3, blockDuration: 2,
});

async function logIn(address, roll) {
  const before = await logins.get(address);
  if (before && before.consumedPoints > 5) return;
  if (roll() < 0.3) await logins.consume(address);
  else if (before) await logins.delete(address);
}

await fleet((number) => crowd(async (roll) => {
  const address = `10.0.0.${between(roll, 1, 6)}`;
  try {
    await pages.consume(address, between(roll, 1, 2));
    if (roll() < 0.4) await logIn(address, roll);
  } catch (refusal) {
    if (refusal instanceof Error) throw refusal;
  }
}, { clients: 6, seconds: 7, seed: number + 1 }), 2);
