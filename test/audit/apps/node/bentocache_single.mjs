// SPDX-License-Identifier: MIT
// bentocache in the only process there is: one load at a time, old values while it runs.
import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';
import { between, crowd, fleet, load, redisUrl } from './traffic.mjs';

const bento = new BentoCache({
  default: 'shop',
  stores: {
    shop: bentostore().useL2Layer(redisDriver({ connection: new Redis(redisUrl) })),
  },
});

const getOffer = (id) => bento.getOrSet(`offers:${id}`, () => load(`bentocache:offers:${id}`, 150),
  { ttl: '800ms' });

await fleet(() => crowd((roll) => getOffer(between(roll, 1, 3)), { clients: 10 }), 1);
