# SPDX-License-Identifier: MIT
"""requests-cache over Redis: every request that finds no reply fetches the page. Its time to live
is in whole seconds, rounded down."""

import http.server
import os
import threading

import redis
import requests_cache

import traffic


class pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = str(traffic.load("page", 0.15)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), pages)


def main(number):
    backend = requests_cache.RedisCache(
        "web", connection=redis.Redis.from_url(os.environ["REDIS_URL"]))
    session = requests_cache.CachedSession(backend=backend, expire_after=3)
    url = f"http://127.0.0.1:{server.server_port}/news"
    traffic.crowd(lambda dice: session.get(url), clients=4, seconds=10, seed=number + 1)


threading.Thread(target=server.serve_forever, daemon=True).start()
traffic.fleet(main)
