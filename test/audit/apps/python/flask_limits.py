# SPDX-License-Identifier: MIT
"""Not a cache: Flask-Limiter on two pages."""

import os

from flask import Flask, request
from flask_limiter import Limiter

import traffic

app = Flask("shop")
limiter = Limiter(lambda: request.headers["X-User"], app=app, strategy="moving-window",
                  storage_uri=os.environ["REDIS_URL"], default_limits=["30/second"])


@app.route("/")
def page():
    return "page"


@app.route("/login")
@limiter.limit("10/second;40/minute")
def login():
    return "welcome"


def ask(dice):
    path = "/login" if dice.random() < 0.3 else "/"
    app.test_client().get(path, headers={"X-User": f"user-{dice.randint(1, 5)}"})


traffic.fleet(lambda number: traffic.crowd(ask, clients=4, seconds=6, seed=number + 1))
