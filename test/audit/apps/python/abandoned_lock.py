# SPDX-License-Identifier: MIT
"""Every other load fails, and nobody frees the lock then: the others wait until it runs out."""

import json
import random
import time
import uuid

import traffic

r = traffic.connect()
dice = random.Random(3)
release = r.register_script(
    "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0")


def query(key):
    row = traffic.load(key, 0.12)
    if dice.random() < 0.5:
        raise ConnectionError("the database hung up")
    return row


def get_invoice(number):
    key = f"billing:invoice:{number}"
    lock = f"billing:lock:{number}"
    while True:
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=900):
            cached = r.get(key)
            if cached is None:
                invoice = query(key)
                cached = json.dumps(invoice)
                r.set(key, cached, px=random.randint(500, 700))
            release(keys=[lock], args=[token])
            return json.loads(cached)
        time.sleep(random.uniform(0.02, 0.06))


def request(_):
    try:
        get_invoice(9)
    except ConnectionError:
        pass  # answered with an error page


def main(number):
    global dice
    dice = random.Random(number)
    traffic.crowd(request, clients=4, seconds=7)


traffic.fleet(main, processes=2)
