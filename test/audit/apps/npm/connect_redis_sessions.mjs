// SPDX-License-Identifier: MIT
// Not a cache: express-session with connect-redis, behind real HTTP requests. Every browser sends
// one request at a time; a session is read, saved or touched, and destroyed at the end.
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import { crowd, fleet, redisUrl } from '../node/traffic.mjs';

async function serve() {
  const client = await createClient({ url: redisUrl }).connect();
  const app = express();
  app.use(session({
    store: new RedisStore({ client, ttl: 4 }), secret: 'paper', resave: false,
    saveUninitialized: false, rolling: true, cookie: { maxAge: 4000 },
  }));
  app.get('/view', (request, reply) => {
    if (!request.session.visits) request.session.visits = 0;
    reply.send(`visits: ${request.session.visits}`);
  });
  app.get('/buy', (request, reply) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    reply.send('bought');
  });
  app.get('/leave', (request, reply) => request.session.destroy(() => reply.send('bye')));
  return new Promise((resolve) => {
    const server = app.listen(0, '127.0.0.1', () => resolve(server.address().port));
  });
}

await fleet(async (number) => {
  const port = await serve();
  const browsers = new Map();
  await crowd(async (roll) => {
    if (!browsers.has(roll)) browsers.set(roll, {});
    const browser = browsers.get(roll);
    const path = roll() < 0.04 ? 'leave' : roll() < 0.35 ? 'buy' : 'view';
    const headers = browser.cookie ? { cookie: browser.cookie } : {};
    const reply = await fetch(`http://127.0.0.1:${port}/${path}`, { headers });
    await reply.text();
    const cookie = reply.headers.get('set-cookie');
    if (cookie) browser.cookie = cookie.split(';')[0];
    if (path === 'leave') browser.cookie = undefined;
  }, { clients: 8, seconds: 7, seed: number + 1 });
});
