// SPDX-License-Identifier: MIT
// Permissions: a writer deletes the entry while a reader still loads, and the reader stores what
// was true before.
import { Redis } from 'ioredis';
import { between, crowd, fleet, load, redisUrl, sleep } from './traffic.mjs';

const redis = new Redis(redisUrl);
const loading = new Map();

async function getPermissions(user) {
  const key = `auth:permissions:${user}`;
  const cached = await redis.get(key);
  if (cached) return JSON.parse(cached);
  if (!loading.has(key)) {
    loading.set(key, loadPermissions(key).finally(() => loading.delete(key)));
  }
  return loading.get(key);
}

async function loadPermissions(key) {
  const permissions = await load(key, 150);
  await redis.set(key, JSON.stringify(permissions), 'PX', 3000);
  return permissions;
}

async function administrate(roll) {
  for (let n = 0; n < 8; ++n) {
    await sleep(between(roll, 400, 600));
    await redis.del('auth:permissions:u-4');  // as each change does
    await sleep(60);
    await redis.del('auth:permissions:u-4');
  }
}

await fleet(async (number) => {
  if (number === 0) await crowd(() => getPermissions('u-4'), { clients: 6, seconds: 6 });
  else await crowd(administrate, { clients: 1, seconds: 1 });
});
