// SPDX-License-Identifier: MIT
// Not a cache: a fixed window by INCR and EXPIRE, and a sliding window by a script.
import { Redis } from 'ioredis';
import { between, crowd, fleet, redisUrl } from './traffic.mjs';

const redis = new Redis(redisUrl);
redis.defineCommand('slidingWindow', {
  numberOfKeys: 1,
  lua: `local now = tonumber(ARGV[1])
    redis.call('ZREMRANGEBYSCORE', KEYS[1], 0, now - 1000)
    if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
    redis.call('ZADD', KEYS[1], now, ARGV[3])
    redis.call('PEXPIRE', KEYS[1], 1000)
    return 1`,
});

async function fixedWindow(address) {
  const key = `limit:fixed:${address}:${Math.floor(Date.now() / 1000)}`;
  const count = await redis.incr(key);
  if (count === 1) await redis.expire(key, 2);
  return count <= 20;
}

async function request(roll) {
  const address = `10.0.0.${between(roll, 1, 20)}`;
  if (!(await fixedWindow(address))) return;
  await redis.slidingWindow(`limit:sliding:${address}`, Date.now(), 10, String(roll()));
}

await fleet((number) => crowd(request, { clients: 6, seed: number + 1 }));
