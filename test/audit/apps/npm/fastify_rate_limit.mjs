// SPDX-License-Identifier: MIT
// Not a cache: @fastify/rate-limit with Redis.
import limiter from '@fastify/rate-limit';
import Fastify from 'fastify';
import { Redis } from 'ioredis';
import { between, crowd, fleet, redisUrl } from '../node/traffic.mjs';

await fleet(async (number) => {
  const app = Fastify();
  await app.register(limiter, {
    max: 20, timeWindow: 1200, redis: new Redis(redisUrl),
    keyGenerator: (request) => request.headers['x-user'],
  });
  app.get('/', async () => 'page');
  await crowd((roll) => app.inject({
    url: '/', headers: { 'x-user': `user-${between(roll, 1, 5)}` },
  }), { clients: 6, seconds: 7, seed: number + 1 });
});
