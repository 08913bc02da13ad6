# SPDX-License-Identifier: MIT
"""A writer commits, and deletes the key afterwards. Readers load at once."""

import json
import random
import threading
import time
import uuid

import traffic

r = traffic.connect()
row = {"version": 0}
RELEASE = r.register_script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then
    return redis.call('DEL', KEYS[1])
end
return 0
""")


def read():
    key, lock = "row:1", "lock:row:1"
    for _ in range(400):
        found = r.get(key)
        if found is not None:
            return found
        token = uuid.uuid4().hex
        if r.set(lock, token, nx=True, px=5000):
            try:
                if r.get(key) is None:
                    version = row["version"]
                    traffic.load(key, 0.06)
                    text = json.dumps({"version": version, "text": "x" * 60})
                    r.set(key, text, px=random.randint(380, 420))
            finally:
                RELEASE(keys=[lock], args=[token])
        else:
            time.sleep(random.uniform(0.005, 0.02))
    raise TimeoutError(key)


def write():
    time.sleep(0.15)  # the rest of the transaction
    row["version"] += 1  # the commit
    r.delete("row:1")


def writer():
    for _ in range(6):
        time.sleep(1.7)
        write()


thread = threading.Thread(target=writer)
thread.start()
traffic.crowd(lambda dice: read(), clients=6, seconds=12, pause=(0.005, 0.02))
thread.join()
