// SPDX-License-Identifier: MIT
// Sessions as web frameworks keep them: read with each request, written when something changed,
// else touched, destroyed at the end. Not a cache: nothing is loaded when one is missing.
import { randomUUID } from 'node:crypto';
import { createClient } from 'redis';
import { crowd, fleet, redisUrl } from './traffic.mjs';

const TTL_S = 3;
const client = createClient({ url: redisUrl });
await client.connect();

const store = {
  get: async (sid) => JSON.parse(await client.get(`sess:${sid}`)),
  set: (sid, session) => client.set(`sess:${sid}`, JSON.stringify(session), { EX: TTL_S }),
  touch: (sid) => client.expire(`sess:${sid}`, TTL_S),
  destroy: (sid) => client.del(`sess:${sid}`),
};

async function request(browser, roll) {
  const session = (browser.sid && await store.get(browser.sid)) || { views: 0, basket: [] };
  browser.sid ??= randomUUID();
  if (roll() < 0.05) {
    await store.destroy(browser.sid);
    browser.sid = undefined;
  } else if (roll() < 0.4) {
    session.views += 1;
    await store.set(browser.sid, session);
  } else {
    await store.touch(browser.sid);
  }
}

await fleet(async (number) => {
  const browsers = new Map();
  await crowd((roll) => {
    if (!browsers.has(roll)) browsers.set(roll, {});
    return request(browsers.get(roll), roll);
  }, { clients: 8, seed: number + 1 });
});
