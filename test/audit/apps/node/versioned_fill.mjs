// SPDX-License-Identifier: MIT
// A hash with version and value. Invalidation counts the version up; a load stores only if the
// version is still the one it began with. In the process, one load per key; across processes, a
// lease in the same hash.
import { randomUUID } from 'node:crypto';
import { createClient, defineScript } from 'redis';
import { between, crowd, fleet, load, redisUrl, sleep } from './traffic.mjs';

const begin = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `local value = redis.call('HGET', KEYS[1], 'value')
    if value then return {'hit', value} end
    if redis.call('HGET', KEYS[1], 'owner') then return {'wait'} end
    local version = redis.call('HINCRBY', KEYS[1], 'version', 0)
    redis.call('HSET', KEYS[1], 'owner', ARGV[1])
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    return {'load', tostring(version)}`,
  transformArguments: (key, owner, leaseMs) => [key, owner, String(leaseMs)],
  transformReply: (reply) => reply,
});
const fill = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `if redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] or
       redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
    redis.call('HDEL', KEYS[1], 'owner')
    redis.call('HSET', KEYS[1], 'value', ARGV[3])
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    return 1`,
  transformArguments: (key, owner, version, value, ms) => [key, owner, version, value, String(ms)],
  transformReply: (reply) => reply,
});
const invalidate = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `redis.call('HDEL', KEYS[1], 'value', 'owner')
    redis.call('PEXPIRE', KEYS[1], 60000)
    return redis.call('HINCRBY', KEYS[1], 'version', 1)`,
  transformArguments: (key) => [key],
  transformReply: (reply) => reply,
});

const redis = createClient({ url: redisUrl, scripts: { begin, fill, invalidate } });
await redis.connect();

async function getRole(user, roll) {
  const key = `auth:role:${user}`;
  for (let attempt = 0; attempt < 100; ++attempt) {
    const owner = randomUUID();
    const [outcome, found] = await redis.begin(key, owner, 2000);
    if (outcome === 'hit') return JSON.parse(found);
    if (outcome === 'load') {
      const role = await load(key, 120);
      await redis.fill(key, owner, found, JSON.stringify(role), between(roll, 2000, 3000));
      return role;
    }
    await sleep(between(roll, 10, 40));
  }
  throw new Error(`${key} is still being loaded`);
}

await fleet(async (number) => {
  if (number === 2) {
    await crowd(() => redis.invalidate('auth:role:u-1'), { clients: 1, pause: [300, 700] });
  } else {
    await crowd((roll) => getRole('u-1', roll), { clients: 5, seed: number + 1 });
  }
}, 3);
