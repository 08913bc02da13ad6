# SPDX-License-Identifier: MIT
"""The number of views is written back into the cached post now and then: its lifetime is gone."""

import collections
import json
import threading

import traffic

r = traffic.connect()
one_at_a_time = threading.Lock()
views = collections.Counter()


def view(number):
    key = f"blog:post:{number}"
    with one_at_a_time:
        cached = r.get(key)
        post = json.loads(cached) if cached else traffic.load(key, 0.02)
        if not cached:
            r.setex(key, 60, json.dumps(post))
        views[key] += 1
        if views[key] % 10 == 0:
            r.set(key, json.dumps(dict(post, views=views[key])))
        return post


traffic.crowd(lambda dice: view(dice.randint(1, 8)), clients=4, seconds=3)
