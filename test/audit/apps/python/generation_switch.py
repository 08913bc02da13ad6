# SPDX-License-Identifier: MIT
"""A publisher writes a whole new generation of a catalogue, then lets a pointer name it. Readers
follow the pointer and never load; old generations end by their ttl."""

import json
import random
import time

import traffic

r = traffic.connect()
POINTER = "catalogue:current"
ITEMS = 12


def publish(generation):
    rows = [traffic.load(f"catalogue:g{generation}:item:{item}", 0.01) for item in range(ITEMS)]
    pipe = r.pipeline(transaction=False)
    for item, row in enumerate(rows):
        pipe.set(f"catalogue:g{generation}:item:{item}", json.dumps(row),
                 px=random.randint(4000, 6000))
    pipe.execute()
    r.set(POINTER, generation, px=20000)


def publisher():
    for generation in range(1, 7):
        publish(generation)
        time.sleep(random.uniform(0.7, 0.9))


def read(dice):
    generation = r.get(POINTER)
    if generation is not None:
        row = r.get(f"catalogue:g{generation}:item:{dice.randrange(ITEMS)}")
        assert row is not None, "a published generation is whole"


def main(number):
    random.seed(number)
    if number == 0:
        publisher()
    else:
        traffic.crowd(read, clients=4, seconds=5, seed=number)


traffic.fleet(main, processes=3)
