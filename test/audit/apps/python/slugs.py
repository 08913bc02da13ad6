# SPDX-License-Identifier: MIT
"""Pages by slug, read and stored without any lock: each page that expires is loaded by all."""

import json

import traffic

r = traffic.connect()
SLUGS = [f"{colour}-{thing}" for colour in ("red", "blue", "old", "new", "tall", "wet")
         for thing in ("shoes", "hat", "map", "lamp", "chair")]


def page(slug):
    key = f"page:{slug}:html"
    found = r.get(key)
    if found is not None:
        return found
    text = json.dumps(traffic.load(key, 0.1))
    r.set(key, text, px=30_000)
    return text


traffic.waves(lambda wave: page(SLUGS[wave]), clients=4, times=len(SLUGS), every=0.25)
