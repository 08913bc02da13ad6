// SPDX-License-Identifier: MIT
// apicache caches whole responses. Every request that finds nothing runs the handler. A timer of
// each response deletes the key when the lifetime is over, also when others have stored it since:
// nothing was invalidated.
import http from 'node:http';
import apicache from 'apicache';
import express from 'express';
import redis from 'redis-3';
import { crowd, fleet, load, redisUrl } from '../node/traffic.mjs';

const client = redis.createClient(redisUrl);
await new Promise((resolve) => client.once('ready', resolve));
const cache = apicache.options({ redisClient: client, statusCodes: { include: [200] } }).middleware;

const app = express();
app.get('/pages/:name', cache('1 second'), async (request, response) => {
  response.json(await load(`/pages/${request.params.name}`, 150));
});
const server = await new Promise((resolve) => {
  const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
});

const read = (path) => new Promise((resolve, reject) => {
  http.get({ host: '127.0.0.1', port: server.address().port, path }, (response) => {
    response.resume().on('end', resolve);
  }).on('error', reject);
});

await fleet(() => crowd(() => read('/pages/start'), { clients: 6, seconds: 8 }), 2);
