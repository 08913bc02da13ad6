# SPDX-License-Identifier: MIT
"""What `drover init ai` hands to AI assistants, as it is: rows, missing rows, failures, changes."""

import pathlib
import sys

import traffic

sys.path.insert(0, str(pathlib.Path(__file__).parents[4] / "tools" / "prompts" / "kit"))
from guarded_cache import GuardedCache  # noqa: E402


def load(key):
    row = traffic.load(key, 0.15)
    if key == "broken":
        raise ConnectionError("the database is away")
    return None if key == "missing" else row


def main(number):
    cache = GuardedCache(traffic.connect(socket_timeout=5), "shop", ttl=1.0)

    def ask(dice):
        key = dice.choice(["shoe", "hat", "missing", "broken"])
        try:
            cache.get(key, load)
        except RuntimeError:
            assert key == "broken", key
        if number == 0 and dice.random() < 0.01:
            cache.invalidate("shoe")

    traffic.crowd(ask, clients=8, seconds=6)


traffic.fleet(main, processes=2)
