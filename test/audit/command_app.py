# SPDX-License-Identifier: MIT
"""command_app.py KIND: a small application for command_test.py. REDIS_URL names the server.

  stampede   four threads miss a key at the same time; each loads and stores it
  safe       four threads miss a key; one loads it under a lock, three wait
  quiet      sends PING
  queue      pushes jobs to a list and pops them: it has no cache
  recover    one process loads under a lock; after an error it connects again and leaves the lock to
             its lease; another process waits for the lock
"""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.parse

CALLERS = 4
ROUNDS = 5
SECRET = "a-value-that-nobody-may-keep"
RELEASE = """if redis.call("get", KEYS[1]) == ARGV[1] then
  return redis.call("del", KEYS[1])
end
return 0"""


class client:
    def __init__(self):
        url = urllib.parse.urlsplit(os.environ["REDIS_URL"])
        self.stream = socket.create_connection((url.hostname, url.port), timeout=30).makefile("rwb")

    def ask(self, *words):
        parts = [str(word).encode() for word in words]
        self.stream.write(b"*%d\r\n" % len(parts))
        for part in parts:
            self.stream.write(b"$%d\r\n%s\r\n" % (len(part), part))
        self.stream.flush()
        line = self.stream.readline()
        if not line:
            raise ConnectionError("the server is gone")
        if line.startswith(b"$") and line != b"$-1\r\n":
            return self.stream.read(int(line[1:]) + 2)[:-2]
        if line.startswith(b"-"):
            raise RuntimeError(line.decode())
        return None if line == b"$-1\r\n" else line[1:-2]


def stampede(caller, together):
    redis = client()
    for turn in range(ROUNDS):
        together.wait()
        if redis.ask("GET", f"user:{turn}") is None:
            together.wait()  # all callers have missed
            time.sleep(0.02)
            redis.ask("SET", f"user:{turn}", SECRET, "EX", 60)
        together.wait()
        redis.ask("GET", f"user:{turn}")


def safe(caller, together):
    redis = client()
    for turn in range(ROUNDS):
        key, lock, token = f"user:{turn}", f"lock:user:{turn}", os.urandom(8).hex()
        together.wait()
        redis.ask("GET", key)
        together.wait()  # all callers have missed
        pause = 0.004 + caller / 1000
        while True:
            if redis.ask("SET", lock, token, "NX", "PX", 10000) is not None:
                if redis.ask("GET", key) is None:
                    time.sleep(0.02)
                    redis.ask("SET", key, SECRET, "PX", 60000 + 5000 * turn + caller)
                redis.ask("EVAL", RELEASE, 1, lock, token)
                break
            time.sleep(pause)
            pause *= 1.7
            if redis.ask("GET", key) is not None:
                break
        together.wait()


def recover():
    """Starts the waiter, and tells it each time that the lock is taken."""
    waiter = subprocess.Popen([sys.executable, "-B", __file__, "waiter"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    redis = client()
    for turn in range(ROUNDS):
        key, lock, token = f"user:{turn}", f"lock:user:{turn}", os.urandom(8).hex()
        try:
            redis.ask("GET", key)
            redis.ask("SET", lock, token, "NX", "PX", 400)
            print(turn, file=waiter.stdin, flush=True)
            time.sleep(0.03)
            redis.ask("SET", key, SECRET, "PX", 60000 + 5000 * turn)
            redis.ask("EVAL", RELEASE, 1, lock, token)
        except (ConnectionError, RuntimeError):
            redis = client()
        if waiter.stdout.readline() != "done\n":
            sys.exit("the waiter has ended")
    waiter.stdin.close()
    sys.exit(waiter.wait())


def wait_for_locks():
    redis = client()
    for turn in map(int, sys.stdin):
        key, lock, token = f"user:{turn}", f"lock:user:{turn}", os.urandom(8).hex()
        pause = 0.005
        while redis.ask("GET", key) is None:
            if redis.ask("SET", lock, token, "NX", "PX", 400) is not None:
                redis.ask("SET", key, SECRET, "PX", 60000 + 5000 * turn)
                redis.ask("EVAL", RELEASE, 1, lock, token)
            else:
                time.sleep(pause)
                pause = min(1.4 * pause, 0.05)
        print("done", flush=True)


def main():
    kind = sys.argv[1]
    if kind in ("recover", "waiter"):
        recover() if kind == "recover" else wait_for_locks()
        return
    if kind == "quiet":
        client().ask("PING")
        return
    if kind == "queue":
        redis = client()
        for job in range(ROUNDS):
            redis.ask("LPUSH", "jobs", job)
            redis.ask("RPOP", "jobs")
        return
    together = threading.Barrier(CALLERS, timeout=60)
    work = {"stampede": stampede, "safe": safe}[kind]
    threads = [threading.Thread(target=work, args=(i, together)) for i in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
