# SPDX-License-Identifier: MIT
"""Not a cache: jobs of python-rq, put in by one process and worked off by another."""

import os
import time

import redis
import rq

import traffic

connection = redis.Redis.from_url(os.environ["REDIS_URL"])


def main(number):
    queue = rq.Queue("mails", connection=connection)
    if number == 0:
        for mail in range(40):
            queue.enqueue(time.sleep, 0.02, job_id=f"mail-{mail}", result_ttl=30)
            time.sleep(0.05)
        return
    worker = rq.SimpleWorker([queue], connection=connection)
    for _ in range(15):
        worker.work(burst=True, logging_level="ERROR")
        time.sleep(0.25)


traffic.fleet(main, processes=2)
