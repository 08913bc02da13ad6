#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sends each argument as an inline command to the server in REDIS_URL, all at once, and prints
everything that comes back until the connection ends.

  ping_app.py COMMAND ...
"""

import os
import socket
import sys
import urllib.parse


def main():
    at = urllib.parse.urlsplit(os.environ["REDIS_URL"])
    with socket.create_connection((at.hostname, at.port), timeout=60) as server:
        server.sendall(b"".join(each.encode() + b"\r\n" for each in sys.argv[1:]))
        server.shutdown(socket.SHUT_WR)
        while received := server.recv(65536):
            sys.stdout.write(received.decode())
            sys.stdout.flush()


if __name__ == "__main__":
    main()
