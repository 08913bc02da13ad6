// SPDX-License-Identifier: MIT
// The key itself says that it is being loaded, and by whom; the value replaces that by a script,
// only if it still stands there. Who waits is told over pub/sub.
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { Redis } from 'ioredis';
import { between, crowd, fleet, load, redisUrl } from './traffic.mjs';

const redis = new Redis(redisUrl);
const subscriber = new Redis(redisUrl);
const news = new EventEmitter().setMaxListeners(0);
const PENDING = 'pending:';
redis.defineCommand('fill', {
  numberOfKeys: 1,
  lua: `if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
        redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
        redis.call("PUBLISH", "filled", KEYS[1])
        return 1`,
});
redis.defineCommand('giveUp', {
  numberOfKeys: 1,
  lua: 'if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end',
});

async function getReport(name, roll) {
  const key = `reports:v3:${name}`;
  for (let attempt = 0; attempt < 20; ++attempt) {
    const mine = PENDING + randomUUID();
    const told = once(news, key, { signal: AbortSignal.timeout(1000) }).catch(() => {});
    const found = await redis.set(key, mine, 'PX', 3000, 'NX', 'GET');
    if (found === null) return fill(key, mine, roll);
    if (!found.startsWith(PENDING)) return JSON.parse(found);
    await told;
  }
  throw new Error(`${key} is still pending`);
}

async function read(name, roll) {
  const found = await redis.get(`reports:v3:${name}`);
  if (found && !found.startsWith(PENDING)) return JSON.parse(found);
  return getReport(name, roll);
}

async function fill(key, mine, roll) {
  try {
    const report = await load(key, 150);
    await redis.fill(key, mine, JSON.stringify(report), between(roll, 800, 1100));
    return report;
  } catch (error) {
    await redis.giveUp(key, mine);
    throw error;
  }
}

await fleet(async (number) => {
  await subscriber.subscribe('filled');
  subscriber.on('message', (_, key) => news.emit(key));
  await crowd((roll) => read('sales', roll), { clients: 6, seed: number + 1 });
});
