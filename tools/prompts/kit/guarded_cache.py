# SPDX-License-Identifier: MIT
"""A Redis cache that loads each cold key once, in this process and across all of them."""

import json
import random
import secrets
import threading
import time

import redis

RENEW = ("if redis.call('get', KEYS[1]) == ARGV[1] then"
         " return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0")
RELEASE = ("if redis.call('get', KEYS[1]) == ARGV[1] then"
           " return redis.call('del', KEYS[1]) end return 0")
STORE = ("if redis.call('get', KEYS[1]) == ARGV[1] then"
         " redis.call('set', KEYS[2], ARGV[2], 'PX', ARGV[3]) return 1 end return 0")
INVALIDATE = "return redis.call('del', KEYS[1], KEYS[2])"


class GuardedCache:
    """`client` with socket_timeout and socket_connect_timeout; times are seconds."""

    def __init__(self, client, name, ttl, absent_ttl=1.0, lease=3.0):
        self.client, self.name, self.lease = client, name, lease
        self.ttl, self.absent_ttl = ttl, absent_ttl
        self.renew, self.release, self.store, self.drop = map(
            client.register_script, (RENEW, RELEASE, STORE, INVALIDATE))
        self.loads, self.guard = {}, threading.Lock()  # key -> [its lock, who wants it]
        self.bypass = threading.BoundedSemaphore(8)

    def get(self, key, load):
        """The value; None if load(key) gave none; RuntimeError if a load has just failed."""
        try:
            found = self._read(key)
            if found is None:
                with _Turn(self, key):
                    found = self._read(key) or self._load_or_wait(key, load)
        except redis.RedisError:  # slower, not broken, and never all at once
            with self.bypass:
                return load(key)
        if "error" in found:
            raise RuntimeError(f"{key}: {found['error']}")
        return found.get("value")

    def invalidate(self, key):
        """Also keeps a load that runs now from storing what it read before."""
        self.drop(keys=[self._value(key), self._lock(key)])

    def _value(self, key):
        return f"{self.name}:v1:{{{key}}}"

    def _lock(self, key):
        return f"{self.name}:lock:{{{key}}}"

    def _read(self, key):
        stored = self.client.get(self._value(key))
        return None if stored is None else json.loads(stored)

    def _load_or_wait(self, key, load):
        deadline, pause = time.monotonic() + 2 * self.lease, 0.02
        while time.monotonic() < deadline:
            token = secrets.token_hex(16)
            if self.client.set(self._lock(key), token, nx=True, px=int(self.lease * 1000)):
                try:
                    return self._read(key) or self._load(key, load, token)
                finally:
                    self.release(keys=[self._lock(key)], args=[token])
            time.sleep(random.uniform(0.01, pause))  # never loads without the lock
            pause = min(2 * pause, 0.2)
            found = self._read(key)
            if found is not None:
                return found
        raise TimeoutError(f"{key} is still being loaded elsewhere")

    def _load(self, key, load, token):
        done = threading.Event()
        renewing = threading.Thread(target=self._keep_lease, args=(key, token, done), daemon=True)
        renewing.start()
        try:
            value = load(key)
            found, ttl = {"value": value}, self.absent_ttl if value is None else self.ttl
        except Exception as error:  # remembered, so that those who wait do not repeat it
            found, ttl = {"error": str(error)}, 1.0
        finally:
            done.set()
            renewing.join()
        ttl *= random.uniform(0.8, 1.0)
        try:
            self.store(keys=[self._lock(key), self._value(key)],
                       args=[token, json.dumps(found), int(ttl * 1000)])
        except redis.RedisError:
            pass  # whoever asked has the value all the same
        return found

    def _keep_lease(self, key, token, done):
        while not done.wait(self.lease / 3):
            try:
                if not self.renew(keys=[self._lock(key)], args=[token, int(self.lease * 1000)]):
                    return  # lost: the store will refuse
            except redis.RedisError:
                pass  # tried again before the lease is over


class _Turn:
    """One thread at a time for each key; the others wait."""

    def __init__(self, cache, key):
        self.cache, self.key = cache, key

    def __enter__(self):
        with self.cache.guard:
            self.entry = self.cache.loads.setdefault(self.key, [threading.Lock(), 0])
            self.entry[1] += 1
        self.entry[0].acquire()

    def __exit__(self, *_):
        self.entry[0].release()
        with self.cache.guard:
            self.entry[1] -= 1
            if self.entry[1] == 0:
                del self.cache.loads[self.key]
