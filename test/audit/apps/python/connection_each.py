# SPDX-License-Identifier: MIT
"""A new connection for each command. Loads are alone in the one process."""

import json
import random
import threading

import traffic

alone = threading.Lock()


def once(command, *arguments, **options):
    client = traffic.connect()
    try:
        return getattr(client, command)(*arguments, **options)
    finally:
        client.close()


def user(number):
    key = f"user:{number}"
    found = once("get", key)
    if found is not None:
        return found
    with alone:
        found = once("get", key)
        if found is None:
            found = json.dumps(traffic.load(key, 0.06))
            once("set", key, found, px=random.randint(900, 1300))
    return found


traffic.crowd(lambda dice: user(dice.randint(1, 3)), clients=4, seconds=5)
