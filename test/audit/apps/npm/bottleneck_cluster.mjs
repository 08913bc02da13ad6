// SPDX-License-Identifier: MIT
// Not a cache: bottleneck, whose scripts spread a limit over all processes.
import Bottleneck from 'bottleneck';
import { crowd, fleet, redisUrl, sleep } from '../node/traffic.mjs';
import { Redis } from 'ioredis';

await fleet(async (number) => {
  const limiter = new Bottleneck({
    id: 'mail-api', datastore: 'ioredis', Redis, maxConcurrent: 4, minTime: 15,
    clearDatastore: false, clientOptions: redisUrl, reservoir: 60, reservoirRefreshAmount: 60,
    reservoirRefreshInterval: 1000,
  });
  limiter.on('error', (error) => { throw error; });
  await limiter.ready();
  await crowd(() => limiter.schedule(() => sleep(20)), { clients: 4, seconds: 6, seed: number + 1 });
}, 3);
