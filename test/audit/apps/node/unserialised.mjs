// SPDX-License-Identifier: MIT
// The row is turned into a text by a template and not by JSON.stringify. Every caller after the
// first gets "[object Object]". Loads are shared in the one process.
import { Redis } from 'ioredis';
import { between, crowd, load, redisUrl } from './traffic.mjs';

const redis = new Redis(redisUrl);
const running = new Map();

async function loadAndStore(key, roll) {
  const row = await load(key, 80);
  await redis.set(key, `${row}`, 'PX', between(roll, 700, 1000));
  return row;
}

async function user(id, roll) {
  const key = `user:${id}`;
  const found = await redis.get(key);
  if (found !== null) return found;
  if (!running.has(key)) {
    running.set(key, loadAndStore(key, roll).finally(() => running.delete(key)));
  }
  return running.get(key);
}

await crowd((roll) => user(between(roll, 1, 3), roll), { clients: 6, seconds: 4 });
process.exit(0);
