# SPDX-License-Identifier: MIT
"""What drives an application that serves callers: HTTP on the port in PORT, and callers of its own.

Nothing in here caches anything.
"""

import http.server
import os
import random
import threading
import time

SECONDS = float(os.environ.get("SERVE_SECONDS", "33"))


class quiet_server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Callers that gave up are no news."""


def handler_for(answer):
    class handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            try:
                body = repr(answer()).encode()
                self.send_response(200)
            except Exception as error:  # whatever it is, the caller is not served
                body = type(error).__name__.encode()
                self.send_response(500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format, *arguments):
            pass

    return handler


def call(ask, number, end):
    """One caller that asks again and again, also when it was not served."""
    dice = random.Random(number)
    while time.monotonic() < end:
        try:
            ask(dice)
        except Exception:
            time.sleep(0.05)
        time.sleep(dice.uniform(0.08, 0.16))


def run(ask, answer, callers=6):
    """Answers over HTTP and serves its callers, for SECONDS. Ends with code 0 whatever happens."""
    end = time.monotonic() + SECONDS
    server = quiet_server(("127.0.0.1", int(os.environ["PORT"])), handler_for(answer))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for number in range(callers):
        threading.Thread(target=call, args=(ask, number, end), daemon=True).start()
    time.sleep(SECONDS)
    os._exit(0)
