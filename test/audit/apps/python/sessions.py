# SPDX-License-Identifier: MIT
"""Not a cache: sessions that are read, changed and prolonged at each request."""

import json
import uuid

import traffic

r = traffic.connect()
LIFETIME = 1800


def request(dice, visitor):
    if dice.random() < 0.02 or "session" not in visitor:
        visitor["session"] = uuid.UUID(int=dice.getrandbits(128)).hex
        r.set(f"session:{visitor['session']}", json.dumps({"clicks": 0}), ex=LIFETIME)
    key = f"session:{visitor['session']}"
    session = json.loads(r.get(key) or "{}")
    session["clicks"] = session.get("clicks", 0) + 1
    if dice.random() < 0.6:
        r.set(key, json.dumps(session), ex=LIFETIME)
    else:
        r.expire(key, LIFETIME)


def main(number):
    visitors = {}
    traffic.crowd(lambda dice: request(dice, visitors.setdefault(id(dice), {})), clients=5,
                  seconds=5, seed=number + 1)


traffic.fleet(main, processes=2)
