# SPDX-License-Identifier: MIT
"""Not a cache: flags and bans, where a key that is missing is the usual answer."""

import traffic

r = traffic.connect()


def request(dice):
    user = dice.randint(1, 30)
    if r.get(f"ban:user:{user}") is not None:
        return
    if r.exists(f"flag:new-checkout:{user % 5}"):
        r.incr("stats:new-checkout")
    if r.hget("flags", "maintenance") == "on":
        return
    if dice.random() < 0.01:
        r.set(f"ban:user:{dice.randint(31, 60)}", "spam", ex=60)


def main(number):
    traffic.crowd(request, clients=5, seconds=5, seed=number + 1)


traffic.fleet(main, processes=2)
