# SPDX-License-Identifier: MIT
"""Workers of one thread each, as a prefork server has them; a hash, read by HGETALL."""

import traffic

r = traffic.connect()


def get_basket(user):
    key = f"basket:{user}"
    basket = r.hgetall(key)
    if basket:
        return basket
    basket = traffic.load(key, 0.12)
    pipe = r.pipeline()
    pipe.hset(key, mapping=basket)
    pipe.pexpire(key, 900)
    pipe.execute()
    return basket


def main(number):
    traffic.crowd(lambda dice: get_basket("u-1"), clients=1, seconds=6, seed=number,
                  pause=(0.005, 0.02))


traffic.fleet(main, processes=8)
