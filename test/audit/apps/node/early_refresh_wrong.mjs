// SPDX-License-Identifier: MIT
// Early refresh with a logarithm of the wrong thing: it begins half a minute before the end.
import { createClient } from 'redis';
import { between, crowd, fleet, load, redisUrl } from './traffic.mjs';

const redis = createClient({ url: redisUrl });
await redis.connect();
const TTL_S = 27;

async function getRanking(game) {
  const key = `games:ranking:${game}`;
  const raw = await redis.get(key);
  if (raw) {
    const entry = JSON.parse(raw);
    const secondsLeft = (entry.ends - Date.now()) / 1000;
    if (secondsLeft > Math.log(Date.now()) * Math.random()) return entry.value;
  }
  const value = await load(key, 100);
  const entry = { value, ends: Date.now() + TTL_S * 1000 };
  await redis.set(key, JSON.stringify(entry), { EX: TTL_S });
  return value;
}

await fleet(() => crowd((roll) => getRanking(between(roll, 1, 2)),
  { clients: 4, seconds: 7, pause: [20, 60] }), 1);
