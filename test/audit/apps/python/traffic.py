# SPDX-License-Identifier: MIT
"""What drives the applications of this folder: clients, processes and an origin that counts.

Nothing in here caches anything. An application's own file holds all of its caching code.
"""

import os
import random
import threading
import time

import redis


def connect(**options):
    """A client of the server that REDIS_URL names."""
    url = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
    return redis.Redis.from_url(url, decode_responses=options.pop("decode_responses", True),
                                **options)


def load(key, seconds):
    """The database: takes its time, and leaves a line in the log named by ORIGIN_LOG."""
    note_load(key)
    time.sleep(seconds)
    return {"key": key, "loaded_at": time.time(), "text": "x" * 60}


def note_load(key):
    log = os.environ.get("ORIGIN_LOG")
    if log:
        with open(log, "a", encoding="utf-8") as out:
            out.write(f"load {key}\n")


def crowd(ask, clients=12, seconds=5.0, pause=(0.01, 0.04), seed=7):
    """`clients` threads that call ask(random) again and again, with a pause between."""
    end = time.monotonic() + seconds

    def one(number):
        dice = random.Random(seed * 1000 + number)
        while time.monotonic() < end:
            ask(dice)
            time.sleep(dice.uniform(*pause))

    run_all([threading.Thread(target=one, args=(n,)) for n in range(clients)])


def waves(ask, clients=12, times=5, every=1.0):
    """All clients ask at the same moment, `times` times: ask(number of the wave)."""
    together = threading.Barrier(clients)
    begun = time.monotonic()

    def one():
        for wave in range(times):
            time.sleep(max(0.0, begun + wave * every - time.monotonic()))
            together.wait()
            ask(wave)

    run_all([threading.Thread(target=one) for _ in range(clients)])


def run_all(threads):
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def fleet(main, processes=2):
    """Runs main(number) in that many processes, and waits for them; fails if one of them did."""
    children = []
    for number in range(processes):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                main(number)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    statuses = [os.waitpid(child, 0)[1] for child in children]
    if any(statuses):
        raise SystemExit(f"a process failed: {statuses}")
