#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plain cache-aside, as a pattern for clients of the simulation in any language:
drover simulate --strategy-command 'test/support/simulate_client.py {redis} {ttl-ms}'"""
import socket
import sys
import urllib.parse


class Redis:
    def __init__(self, url):
        self.url, self.file = urllib.parse.urlsplit(url), None

    def call(self, *words):
        """Connects if need be. Throws OSError or ValueError, after which the next call connects."""
        if self.file is None:
            is_unix = self.url.scheme == "unix"
            link = socket.socket(socket.AF_UNIX if is_unix else socket.AF_INET)
            link.connect(self.url.path if is_unix else (self.url.hostname, self.url.port or 6379))
            self.file = link.makefile("rwb")
        try:
            parts = [word.encode() for word in words]
            head = b"*%d\r\n" % len(parts)
            self.file.write(head + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
            self.file.flush()
            kind, head = self.file.read(1), self.file.readline().strip().decode()
            if kind not in (b"$", b"+", b":"):
                raise OSError(head or "the connection was lost")
            if kind == b"$":
                return self.file.read(int(head) + 2)[:-2].decode() if int(head) >= 0 else None
            return head
        except (OSError, ValueError):
            self.file = None
            raise


def get(redis, key, ttl_ms):
    if (cached := tried(redis, "GET", key)) is not None:
        return "value " + cached
    print("query " + key, flush=True)
    word, _, text = sys.stdin.readline().rstrip("\n").partition(" ")
    if word != "row":
        return "absent" if word == "absent" else "error " + text
    tried(redis, "SET", key, text, "PX", ttl_ms)
    return "value " + text


def tried(redis, *words):
    try:
        return redis.call(*words)
    except (OSError, ValueError):
        return None  # Redis is away: as if nothing were cached


def main(url, ttl_ms="300000"):
    redis = Redis(url)
    for line in iter(sys.stdin.readline, ""):
        word, _, key = line.rstrip("\n").partition(" ")
        if word == "get":
            print(get(redis, key, ttl_ms), flush=True)
        elif word == "invalidate":
            print("error Redis is away" if tried(redis, "DEL", key) is None else "done", flush=True)
        else:
            print("unknown", flush=True)


main(*sys.argv[1:3])
