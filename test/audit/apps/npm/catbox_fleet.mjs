// SPDX-License-Identifier: MIT
// catbox shares a generated value inside one process. Three processes generate it three times.
import { Engine } from '@hapi/catbox-redis';
import { Client, Policy } from '@hapi/catbox';
import { crowd, fleet, load, redisUrl } from '../node/traffic.mjs';

const client = new Client(Engine, { url: redisUrl, partition: 'hapi' });
await client.start();
const policy = new Policy({
  expiresIn: 900, generateTimeout: 5000, generateFunc: (id) => load(`hapi:users:${id}`, 180),
}, client, 'users');

await fleet(() => crowd(() => policy.get('ada'), { clients: 6, seconds: 7 }), 4);
