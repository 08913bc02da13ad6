// SPDX-License-Identifier: MIT
// A Redis cache that loads each cold key once, in this process and across all of them.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

const IF_MINE = "if redis.call('get', KEYS[1]) == ARGV[1] then "
const RENEW = IF_MINE + "return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0"
const RELEASE = IF_MINE + "return redis.call('del', KEYS[1]) end return 0"
const STORE = IF_MINE + "redis.call('set', KEYS[2], ARGV[2], 'PX', ARGV[3]) return 1 end return 0"
const INVALIDATE = "return redis.call('del', KEYS[1], KEYS[2])"

export class StillLoading extends Error {}

/** One run at a time for each key; who comes meanwhile gets its result. */
async function once (running, key, run) {
  if (!running.has(key)) running.set(key, run().finally(() => running.delete(key)))
  return await running.get(key)
}

/** `client`: an ioredis with commandTimeout and maxRetriesPerRequest: 1; times are milliseconds. */
export class GuardedCache {
  #loads = new Map() // key -> the promise of those who want it now
  #bypasses = new Map() // the same while Redis is away

  constructor (client, name, { ttl, absentTtl = 1000, lease = 3000 }) {
    Object.assign(this, { client, name, ttl, absentTtl, lease })
  }

  /** The value for key, null if load(key) gave none; rejects if a load has just failed. */
  async get (key, load) {
    let found
    try {
      found = await this.#read(key) ??
        await once(this.#loads, key, () => this.#loadOrWait(key, load))
    } catch (error) { // slower, not broken, and never all at once
      if (error instanceof StillLoading) throw error
      return await once(this.#bypasses, key, () => load(key))
    }
    if ('error' in found) throw new Error(`${key}: ${found.error}`)
    return found.value
  }

  /** Also keeps a load that runs now from storing what it read before. */
  async invalidate (key) {
    await this.client.eval(INVALIDATE, 2, this.#value(key), this.#lock(key))
  }

  #value (key) { return `${this.name}:v1:{${key}}` }
  #lock (key) { return `${this.name}:lock:{${key}}` }

  async #read (key) {
    const stored = await this.client.get(this.#value(key))
    return stored === null ? null : JSON.parse(stored)
  }

  async #loadOrWait (key, load) {
    const deadline = Date.now() + 2 * this.lease
    for (let pause = 20; Date.now() < deadline; pause = Math.min(2 * pause, 200)) {
      const token = randomBytes(16).toString('hex')
      if (await this.client.set(this.#lock(key), token, 'PX', this.lease, 'NX')) {
        try {
          return await this.#read(key) ?? await this.#load(key, load, token)
        } finally {
          await this.client.eval(RELEASE, 1, this.#lock(key), token).catch(() => {})
        }
      }
      await sleep(10 + Math.random() * pause) // never loads without the lock
      const found = await this.#read(key)
      if (found) return found
    }
    throw new StillLoading(key)
  }

  async #load (key, load, token) {
    const renewing = setInterval(() => {
      this.client.eval(RENEW, 1, this.#lock(key), token, this.lease).catch(() => {})
    }, this.lease / 3)
    let found
    let ttl = this.ttl
    try {
      found = { value: await load(key) ?? null }
      if (found.value === null) ttl = this.absentTtl
    } catch (error) { // remembered, so that those who wait do not repeat it
      found = { error: error.message }
      ttl = 1000
    } finally {
      clearInterval(renewing)
    }
    ttl = Math.round(ttl * (0.8 + 0.2 * Math.random()))
    await this.client.eval(STORE, 2, this.#lock(key), this.#value(key),
      token, JSON.stringify(found), ttl).catch(() => {}) // whoever asked has the value all the same
    return found
  }
}
