# SPDX-License-Identifier: MIT
"""Lifetimes that look odd and are right: countries stay for most of a year, and the number of
visitors for less than a tenth of a second, in which it is read a lot. Loads are alone in the one
process."""

import json
import random
import threading

import traffic

r = traffic.connect()
alone = {"country": threading.Lock(), "visitors": threading.Lock()}
DAY_S = 24 * 60 * 60


def cached(kind, name, seconds, **lifetime):
    key = f"{kind}:{name}"
    found = r.get(key)
    if found is not None:
        return found
    with alone[kind]:
        found = r.get(key)
        if found is None:
            found = json.dumps(traffic.load(key, seconds))
            r.set(key, found, **lifetime)
    return found


def ask(dice):
    for _ in range(6):
        cached("visitors", "now", 0.004, px=dice.randint(80, 95))
    cached("country", dice.randint(1, 12), 0.05, ex=300 * DAY_S + random.randint(0, 30 * DAY_S))


traffic.crowd(ask, clients=6, seconds=5, pause=(0.001, 0.004))
