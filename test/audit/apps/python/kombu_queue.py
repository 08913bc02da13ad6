# SPDX-License-Identifier: MIT
"""Not a cache: kombu's SimpleQueue over Redis, with acknowledgements."""

import os
import queue

from kombu import Connection

import traffic


def main(number):
    with Connection(os.environ["REDIS_URL"]) as connection:
        letters = connection.SimpleQueue("letters")

        def ask(dice):
            if number == 0:
                letters.put({"to": dice.randint(1, 99)}, serializer="json")
                return
            try:
                message = letters.get(timeout=0.5)
            except queue.Empty:
                return
            if dice.random() < 0.1:
                message.requeue()
            else:
                message.ack()

        traffic.crowd(ask, clients=1, seconds=6, pause=(0.01, 0.04), seed=number + 1)
        letters.close()


traffic.fleet(main, processes=3)
