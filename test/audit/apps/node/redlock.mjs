// SPDX-License-Identifier: MIT
// Redlock around the load, with jitter between attempts and a second look.
import { Redis } from 'ioredis';
import Redlock from 'redlock';
import { between, crowd, fleet, load, redisUrl } from './traffic.mjs';

const redis = new Redis(redisUrl);
const redlock = new Redlock([redis], { retryCount: 60, retryDelay: 40, retryJitter: 30 });

async function getBooking(id, roll) {
  const key = `hotel:booking:${id}`;
  const cached = await redis.get(key);
  if (cached) return JSON.parse(cached);
  const lock = await redlock.acquire([`hotel:lock:${id}`], 3000);
  try {
    const again = await redis.get(key);
    if (again) return JSON.parse(again);
    const booking = await load(key, 150);
    await redis.set(key, JSON.stringify(booking), 'PX', between(roll, 800, 1100));
    return booking;
  } finally {
    await lock.release();
  }
}

await fleet((number) => crowd((roll) => getBooking(between(roll, 1, 2), roll),
  { clients: 5, seed: number + 1 }));
