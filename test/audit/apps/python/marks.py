# SPDX-License-Identifier: MIT
"""Not a cache: throttles, signs of life, revoked tokens, accounts that are locked out, switches."""

import random
import time

import traffic

r = traffic.connect()


def send_mail(dice):
    """At most one mail a second to each address."""
    address = dice.randint(1, 3)
    if not r.get(f"mail:sent:{address}"):
        r.setex(f"mail:sent:{address}", 1, "1")


def say_alive(number):
    """The time of the last sign of life. The old one is read, and does not matter."""
    key = f"worker:{number % 2}:alive"
    before = r.get(key)
    if before is None or time.time() - float(before) >= 0:
        r.set(key, f"{time.time():.6f}", ex=600)


def log_in(dice):
    account = dice.randint(1, 3)
    if r.get(f"lock:account:{account}"):
        return
    if dice.random() < 0.3 and r.incr(f"failed:{account}") % 3 == 0:
        r.set(f"lock:account:{account}", "1", ex=60)


def unlock(dice):
    r.delete(f"lock:account:{dice.randint(1, 3)}")


def check(dice):
    token = dice.randint(1, 40)
    if r.get(f"token:revoked:{token}") is None and dice.random() < 0.05:
        r.set(f"token:revoked:{token}", "1")
    if r.get("feature:new-basket") is None:
        r.set("feature:new-basket", "on")


def main(number):
    def ask(dice):
        if number == 0 and dice.random() < 0.2:
            unlock(dice)
        send_mail(dice)
        say_alive(number)
        log_in(dice)
        check(dice)

    traffic.crowd(ask, clients=3, seconds=4, seed=number + 1)


random.seed(1)
traffic.fleet(main, processes=3)
