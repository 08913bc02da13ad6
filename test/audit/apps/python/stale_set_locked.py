# SPDX-License-Identifier: MIT
"""The load is under a good lock, but an editor's DEL does not stop it from storing the old row."""

import json
import random
import time

import traffic

r = traffic.connect()


def get_article(number):
    key = f"news:article:{number}"
    cached = r.get(key)
    if cached is not None:
        return json.loads(cached)
    with r.lock(f"{key}:lock", timeout=5, sleep=0.03, blocking_timeout=6):
        cached = r.get(key)
        if cached is not None:
            return json.loads(cached)
        article = traffic.load(key, 0.25)
        r.set(key, json.dumps(article), px=random.randint(400, 600))
        return article


def edit():
    for _ in range(40):
        time.sleep(random.uniform(0.1, 0.2))
        r.delete("news:article:1")


def main(number):
    random.seed(number)
    if number == 0:
        edit()
    else:
        traffic.crowd(lambda dice: get_article(1), clients=4, seconds=6, seed=number)


traffic.fleet(main, processes=3)
