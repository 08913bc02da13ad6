// SPDX-License-Identifier: MIT
// What drives the applications of this folder: clients, processes and an origin that counts.
// Nothing in here caches anything. An application's own file holds all of its caching code.
import { fork } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export const redisUrl = process.env.REDIS_URL ?? 'redis://127.0.0.1:6379';
export { sleep };

/** Numbers in [0, 1) that are the same in each run. */
export function dice(seed) {
  let state = (seed * 2654435761 + 97) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const between = (roll, low, high) => low + Math.floor(roll() * (high - low + 1));

/** The database: takes its time, and leaves a line in the log named by ORIGIN_LOG. */
export async function load(key, ms) {
  if (process.env.ORIGIN_LOG) appendFileSync(process.env.ORIGIN_LOG, `load ${key}\n`);
  await sleep(ms);
  return { key, loadedAt: Date.now(), text: 'x'.repeat(60) };
}

/** Clients that call ask(roll) again and again, with a pause of 10 to 40 ms between. */
export async function crowd(ask, { clients = 12, seconds = 5, seed = 7, pause = [10, 40] } = {}) {
  const end = Date.now() + seconds * 1000;
  await Promise.all(Array.from({ length: clients }, async (_, number) => {
    const roll = dice(seed * 1000 + number);
    while (Date.now() < end) {
      await ask(roll);
      await sleep(between(roll, ...pause));
    }
  }));
}

/** Runs main(number) in that many processes of this program, and waits for them. */
export async function fleet(main, processes = 2) {
  if (process.env.FLEET_NUMBER !== undefined) {
    await main(Number(process.env.FLEET_NUMBER));
    process.exit(0);
  }
  const exits = Array.from({ length: processes }, (_, number) => new Promise((resolve) => {
    const env = { ...process.env, FLEET_NUMBER: String(number) };
    fork(process.argv[1], { env }).on('exit', resolve);
  }));
  process.exit((await Promise.all(exits)).every((code) => code === 0) ? 0 : 1);
}
