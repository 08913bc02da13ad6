// SPDX-License-Identifier: MIT
// catbox in one process: callers share one generated value, and one of them renews it early.
import { Engine } from '@hapi/catbox-redis';
import { Client, Policy } from '@hapi/catbox';
import { between, crowd, load, redisUrl } from '../node/traffic.mjs';

const client = new Client(Engine, { url: redisUrl, partition: 'hapi' });
await client.start();
const policy = new Policy({
  expiresIn: 1500, staleIn: 900, staleTimeout: 50, generateTimeout: 5000,
  generateFunc: (id) => load(`hapi:rooms:${id}`, 150),
}, client, 'rooms');

await crowd((roll) => policy.get(`room-${between(roll, 1, 3)}`), { clients: 10, seconds: 7 });
process.exit(0);
