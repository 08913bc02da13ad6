// SPDX-License-Identifier: MIT
// Not a cache: bull, with two producers and two workers in other processes. Some jobs wait, some
// fail at first, one repeats. bull's scripts take a lock on each job and renew it.
import Queue from 'bull';
import { between, dice, fleet, redisUrl, sleep } from '../node/traffic.mjs';

await fleet(async (number) => {
  const queue = new Queue('letters', redisUrl, {
    settings: { lockDuration: 1000, lockRenewTime: 300, stalledInterval: 800 },
  });
  const roll = dice(number + 1);
  const end = Date.now() + 9000;
  if (number < 2) {
    if (number === 0) await queue.add({ letter: 'digest' }, { repeat: { every: 700 } });
    while (Date.now() < end - 1500) {
      await queue.add({ letter: between(roll, 1, 9) }, {
        attempts: 3, backoff: 200, removeOnComplete: roll() < 0.5,
        delay: roll() < 0.3 ? 300 : 0, priority: between(roll, 1, 3),
      });
      await sleep(between(roll, 20, 90));
    }
  } else {
    queue.process(3, async (job) => {
      await job.progress(50);
      await sleep(between(roll, 20, 400));
      if (roll() < 0.15) throw new Error('the post office is closed');
      return { sent: true };
    });
  }
  await sleep(end - Date.now());
  await queue.close();
}, 4);
