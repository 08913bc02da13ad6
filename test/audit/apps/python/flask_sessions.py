# SPDX-License-Identifier: MIT
"""Not a cache: Flask-Session keeps sessions in Redis, and writes them with each request."""

import datetime
import os

import redis
from flask import Flask, session
from flask_session import Session

import traffic

app = Flask("shop")
app.config.update(SECRET_KEY="paper", SESSION_TYPE="redis", SESSION_PERMANENT=True,
                  PERMANENT_SESSION_LIFETIME=datetime.timedelta(seconds=4),
                  SESSION_REDIS=redis.Redis.from_url(os.environ["REDIS_URL"]))
Session(app)


@app.route("/buy")
def buy():
    session["basket"] = session.get("basket", 0) + 1
    return "bought"


@app.route("/view")
def view():
    return str(session.get("basket", 0))


@app.route("/leave")
def leave():
    session.clear()
    return "bye"


def main(number):
    browsers = {}

    def ask(dice):
        browser = browsers.setdefault(id(dice), None) or app.test_client()
        browsers[id(dice)] = browser
        roll = dice.random()
        browser.get("/leave" if roll < 0.04 else "/buy" if roll < 0.4 else "/view")

    traffic.crowd(ask, clients=6, seconds=6, seed=number + 1)


traffic.fleet(main)
