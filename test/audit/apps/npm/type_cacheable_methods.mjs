// SPDX-License-Identifier: MIT
// @type-cacheable caches the results of methods. Its adapter stores with SET and sets the lifetime
// with EXPIRE in a second round trip. The callers of one process share a run of the method.
import core from '@type-cacheable/core';
import adapter from '@type-cacheable/ioredis-adapter';
import { Redis } from 'ioredis';
import { crowd, fleet, load, redisUrl } from '../node/traffic.mjs';

adapter.useAdapter(new Redis(redisUrl));

class Books {
  find(number) {
    return load(`book:${number}`, 150);
  }
}

const find = Object.getOwnPropertyDescriptor(Books.prototype, 'find');
const cached = core.Cacheable({ cacheKey: ([number]) => `book:${number}`, ttlSeconds: 1 });
Object.defineProperty(Books.prototype, 'find', cached(Books.prototype, 'find', find) ?? find);

const books = new Books();
await fleet(() => crowd(() => books.find(3), { clients: 6, seconds: 7 }), 2);
