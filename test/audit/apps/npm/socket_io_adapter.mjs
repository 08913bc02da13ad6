// SPDX-License-Identifier: MIT
// Not a cache: socket.io's Redis adapter: broadcasts between servers, and questions to all of them.
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { between, crowd, fleet, redisUrl } from '../node/traffic.mjs';

await fleet(async (number) => {
  const publisher = new Redis(redisUrl);
  const io = new Server(createServer(), { adapter: createAdapter(publisher, new Redis(redisUrl)) });
  await crowd(async (roll) => {
    io.to(`room-${between(roll, 1, 4)}`).emit('news', { number, at: Date.now() });
    if (roll() < 0.1) await io.in('room-1').fetchSockets();
  }, { clients: 4, seconds: 6, seed: number + 1 });
}, 3);
