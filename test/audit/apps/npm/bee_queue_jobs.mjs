// SPDX-License-Identifier: MIT
// Not a cache: bee-queue, with two producers that wait for results and two workers.
import Queue from 'bee-queue';
import { between, dice, fleet, redisUrl, sleep } from '../node/traffic.mjs';

await fleet(async (number) => {
  const roll = dice(number + 1);
  const end = Date.now() + 8000;
  const queue = new Queue('thumbs', {
    redis: redisUrl, isWorker: number >= 2, activateDelayedJobs: true, stallInterval: 1000,
    removeOnSuccess: number === 2,
  });
  if (number < 2) {
    while (Date.now() < end - 1500) {
      const job = queue.createJob({ picture: between(roll, 1, 9) }).retries(2);
      if (roll() < 0.3) job.delayUntil(Date.now() + 400);
      await job.save();
      await sleep(between(roll, 15, 60));
    }
  } else {
    queue.process(3, async () => {
      await sleep(between(roll, 20, 200));
      if (roll() < 0.15) throw new Error('not a picture');
      return 1;
    });
  }
  await sleep(Math.max(0, end - Date.now()));
}, 4);
