// SPDX-License-Identifier: MIT
// bentocache coalesces the loads of one process; a fleet of three loads three times.
import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';
import { crowd, fleet, load, redisUrl } from './traffic.mjs';

const bento = new BentoCache({
  default: 'shop',
  stores: {
    shop: bentostore().useL2Layer(redisDriver({ connection: new Redis(redisUrl) })),
  },
});

const getOffer = (id) => bento.getOrSet(`offers:${id}`, () => load(`bentocache:offers:${id}`, 200),
  { ttl: '900ms' });

await fleet(() => crowd(() => getOffer(1), { clients: 6, seconds: 6 }), 3);
