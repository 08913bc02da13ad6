# SPDX-License-Identifier: MIT
"""The origin fails now and then. A failure is remembered for a short while, in the value's place;
meanwhile callers get an error at once, and nobody asks again."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
unlock = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def ask_partner(key):
    traffic.load(key, 0.1)
    if random.random() < 0.4:
        raise ConnectionError("the partner does not answer")
    return {"rooms": random.randint(0, 9)}


def get_rooms(hotel):
    key, lock = f"travel:v5:rooms:{hotel}", f"travel:v5:lock:{hotel}"
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline:
        cached = r.get(key)
        if cached is not None:
            return opened(json.loads(cached))
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=2000):
            try:
                return opened(json.loads(r.get(key) or fill(key)))
            finally:
                unlock(keys=[lock], args=[token])
        time.sleep(random.uniform(0.01, 0.05))
    raise TimeoutError(key)


def fill(key):
    try:
        entry, ttl = {"value": ask_partner(key)}, random.randint(700, 1000)
    except ConnectionError as why:
        entry, ttl = {"error": str(why)}, random.randint(250, 350)
    text = json.dumps(entry)
    r.set(key, text, px=ttl)
    return text


def opened(entry):
    if "error" in entry:
        raise ConnectionError(entry["error"])
    return entry["value"]


def guest(dice):
    try:
        get_rooms(dice.randint(1, 2))
    except ConnectionError:
        pass


def main(number):
    random.seed(number)
    traffic.crowd(guest, clients=5, seconds=5, seed=number)


traffic.fleet(main, processes=2)
