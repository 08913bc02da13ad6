# SPDX-License-Identifier: MIT
"""The shop writes JSON and the reports write pickle to the same keys; each reloads the other's."""

import json
import pickle
import random

import traffic


def shop_reads(r, key):
    raw = r.get(key)
    if raw is not None and raw[:1] == b"{":
        return json.loads(raw)
    row = traffic.load(key, 0.02)
    r.set(key, json.dumps(row), px=random.randint(1000, 1500))
    return row


def reports_read(r, key):
    raw = r.get(key)
    if raw is not None and raw[:1] == b"\x80":
        return pickle.loads(raw)
    row = traffic.load(key, 0.02)
    r.set(key, pickle.dumps(row), px=random.randint(1000, 1500))
    return row


def main(number):
    r = traffic.connect(decode_responses=False, client_name=("shop", "reports")[number])
    read = (shop_reads, reports_read)[number]
    traffic.crowd(lambda dice: read(r, f"customer:{dice.randint(1, 4)}"), clients=1, seconds=4,
                  pause=(0.05, 0.2))


traffic.fleet(main, processes=2)
