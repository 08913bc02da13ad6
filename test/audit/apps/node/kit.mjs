// SPDX-License-Identifier: MIT
// What `drover init ai` hands to AI assistants, as it is: rows, missing rows, failures, changes.
import Redis from 'ioredis';
import { GuardedCache } from '../../../../tools/prompts/kit/guarded_cache.mjs';
import { crowd, fleet, load, redisUrl } from './traffic.mjs';

const keys = ['shoe', 'hat', 'missing', 'broken'];

await fleet(async (number) => {
  const client = new Redis(redisUrl, { commandTimeout: 5000, maxRetriesPerRequest: 1 });
  const cache = new GuardedCache(client, 'shop', { ttl: 1000 });
  const ask = async (roll) => {
    const key = keys[Math.floor(roll() * keys.length)];
    try {
      await cache.get(key, async () => {
        const row = await load(key, 150);
        if (key === 'broken') throw new Error('the database is away');
        return key === 'missing' ? null : row;
      });
    } catch (error) {
      if (key !== 'broken') throw error;
    }
    if (number === 0 && roll() < 0.01) await cache.invalidate('shoe');
  };
  await crowd(ask, { clients: 8, seconds: 6 });
  client.disconnect();
});
