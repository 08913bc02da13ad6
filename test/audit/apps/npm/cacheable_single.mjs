// SPDX-License-Identifier: MIT
// cacheable's getOrSet in a single process: one load for all callers.
import KeyvRedis from '@keyv/redis';
import { Cacheable } from 'cacheable';
import { between, crowd, load, redisUrl } from '../node/traffic.mjs';

const cache = new Cacheable({ secondary: new KeyvRedis(redisUrl), ttl: 900 });

const rate = (code) => cache.getOrSet(`rate:${code}`, () => load(`rate:${code}`, 120), { ttl: 900 });

await crowd((roll) => rate(['eur', 'usd', 'chf'][between(roll, 0, 2)]), { clients: 8, seconds: 6 });
process.exit(0);
