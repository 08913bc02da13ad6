// SPDX-License-Identifier: MIT
// Not a cache: bullmq, with a producer, a waiter for results, and two workers. Some jobs wait, some
// fail at first, one repeats. A limiter slows the workers down.
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { between, dice, fleet, redisUrl, sleep } from '../node/traffic.mjs';

const connect = () => new Redis(redisUrl, { maxRetriesPerRequest: null });

async function produce(roll, end) {
  const queue = new Queue('video', { connection: connect() });
  const events = new QueueEvents('video', { connection: connect() });
  await queue.upsertJobScheduler('sweep', { every: 900 });
  while (Date.now() < end - 2000) {
    const job = await queue.add('encode', { film: between(roll, 1, 9) }, {
      attempts: 3, backoff: 150, removeOnComplete: 20, removeOnFail: 20,
      delay: roll() < 0.3 ? 250 : 0, deduplication: roll() < 0.2 ? { id: 'one', ttl: 400 } : undefined,
    });
    if (roll() < 0.2) await job.waitUntilFinished(events, 1500).catch(() => {});
    await sleep(between(roll, 20, 80));
  }
}

await fleet(async (number) => {
  const roll = dice(number + 1);
  const end = Date.now() + 9000;
  if (number < 2) {
    await produce(roll, end);
  } else {
    const worker = new Worker('video', async (job) => {
      await job.updateProgress(30);
      await sleep(between(roll, 20, 300));
      if (roll() < 0.15) throw new Error('the codec is unknown');
      return { frames: 25 };
    }, { connection: connect(), concurrency: 3, lockDuration: 1000, stalledInterval: 900,
      limiter: { max: 20, duration: 500 } });
    worker.on('error', () => {});
  }
  await sleep(Math.max(0, end - Date.now()));
}, 4);
