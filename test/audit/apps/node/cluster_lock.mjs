// SPDX-License-Identifier: MIT
// ioredis on a cluster: a lock with token, lease, double check and release by script, in two
// processes. Both keys are in one slot.
import { randomUUID } from 'node:crypto';
import Redis from 'ioredis';
import { between, crowd, dice, fleet, load, redisUrl, sleep } from './traffic.mjs';

const leaseMs = 3000;

function connect() {
  const at = new URL(redisUrl);
  const redis = new Redis.Cluster([{ host: at.hostname, port: Number(at.port) }]);
  redis.defineCommand('release', {
    numberOfKeys: 1,
    lua: `if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end
return 0`,
  });
  return redis;
}

async function getArticle(redis, number, roll) {
  const key = `news:v1:{article:${number}}`;
  const lock = `news:v1:lock:{article:${number}}`;
  const deadline = Date.now() + leaseMs + 1000;
  for (let wait = 20; ; wait = Math.min(wait * 2, 100)) {
    const cached = await redis.get(key);
    if (cached !== null) return JSON.parse(cached);
    const token = randomUUID();
    if (await redis.set(lock, token, 'PX', leaseMs, 'NX')) {
      return loadLocked(redis, key, lock, token, roll);
    }
    if (Date.now() > deadline) throw new Error(`${key} is still being loaded`);
    await sleep(between(roll, 10, wait));
  }
}

async function loadLocked(redis, key, lock, token, roll) {
  try {
    const cached = await redis.get(key);
    if (cached !== null) return JSON.parse(cached);
    const article = await load(key, 180);
    await redis.set(key, JSON.stringify(article), 'PX', between(roll, 800, 1100));
    return article;
  } finally {
    await redis.release(lock, token);
  }
}

await fleet(async (number) => {
  const redis = connect();
  const roll = dice(number);
  await crowd((own) => getArticle(redis, between(own, 1, 3), roll), { clients: 6 });
  redis.disconnect();
});
