// SPDX-License-Identifier: MIT
// An old entry is answered at once, and renewed in the background by whoever gets the redlock at
// the first try; a cold key is loaded under the same lock, after a second look.
import { Redis } from 'ioredis';
import Redlock, { ExecutionError } from 'redlock';
import { between, crowd, fleet, load, redisUrl } from './traffic.mjs';

const redis = new Redis(redisUrl);
const once = new Redlock([redis], { retryCount: 0 });
const patient = new Redlock([redis], { retryCount: 60, retryDelay: 50, retryJitter: 40 });
const background = new Set();

async function loadUnder(locks, key, roll) {
  const lock = await locks.acquire([`${key}:lock`], 2500);
  try {
    const cached = JSON.parse(await redis.get(key));
    if (cached && cached.freshUntil > Date.now()) return cached.value;
    const value = await load(key, 140);
    const entry = { value, freshUntil: Date.now() + between(roll, 700, 1000) };
    await redis.set(key, JSON.stringify(entry), 'PX', 20000);
    return value;
  } finally {
    await lock.release();
  }
}

async function getFares(line, roll) {
  const key = `metro:fares:${line}`;
  const cached = JSON.parse(await redis.get(key));
  if (!cached) return loadUnder(patient, key, roll);
  if (cached.freshUntil <= Date.now()) {
    background.add(loadUnder(once, key, roll).catch((error) => {
      if (!(error instanceof ExecutionError)) throw error;
    }));
  }
  return cached.value;
}

await fleet(async (number) => {
  await crowd((roll) => getFares('blue', roll), { clients: 5, seed: number + 1 });
  await Promise.all(background);
});
