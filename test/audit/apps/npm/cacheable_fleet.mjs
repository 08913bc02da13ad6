// SPDX-License-Identifier: MIT
// cacheable's getOrSet shares a load inside one process. Four processes load four times.
import KeyvRedis from '@keyv/redis';
import { Cacheable } from 'cacheable';
import { crowd, fleet, load, redisUrl } from '../node/traffic.mjs';

const cache = new Cacheable({ secondary: new KeyvRedis(redisUrl), ttl: 900 });

const rate = (code) => cache.getOrSet(`rate:${code}`, () => load(`rate:${code}`, 180), { ttl: 900 });

await fleet(() => crowd(() => rate('eur'), { clients: 6, seconds: 7 }), 4);
