// SPDX-License-Identifier: MIT
// Not a cache: express-rate-limit with rate-limit-redis, behind real HTTP requests.
import express from 'express';
import { rateLimit } from 'express-rate-limit';
import { RedisStore } from 'rate-limit-redis';
import { createClient } from 'redis';
import { between, crowd, fleet, redisUrl } from '../node/traffic.mjs';

async function serve() {
  const client = await createClient({ url: redisUrl }).connect();
  const app = express();
  app.use(rateLimit({
    windowMs: 1500, limit: 25, legacyHeaders: false, validate: false,
    keyGenerator: (request) => request.query.user,
    store: new RedisStore({ sendCommand: (...words) => client.sendCommand(words) }),
  }));
  app.get('/', (request, reply) => reply.send('page'));
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
}

await fleet(async (number) => {
  const port = await serve();
  await crowd(async (roll) => {
    const reply = await fetch(`http://127.0.0.1:${port}/?user=${between(roll, 1, 5)}`);
    await reply.text();
  }, { clients: 6, seconds: 7, seed: number + 1 });
});
