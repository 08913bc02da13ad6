# SPDX-License-Identifier: MIT
"""Not a cache: Celery with Redis as its broker and as its store of results."""

import os
import signal
import time

from celery import Celery

import traffic

app = Celery("shop", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
app.conf.update(task_track_started=True, result_expires=20, worker_hijack_root_logger=False,
                broker_connection_retry_on_startup=True)


@app.task(bind=True, max_retries=2, name="send_mail")
def send_mail(self, number):
    time.sleep(0.03)
    if number % 9 == 0 and self.request.retries == 0:
        raise self.retry(countdown=0.3)
    return number * 2


def work():
    app.worker_main(["worker", "--pool=threads", "--concurrency=3", "--loglevel=ERROR",
                     "--without-heartbeat"])


def ask(dice):
    result = send_mail.delay(dice.randint(1, 30))
    if dice.random() < 0.6:
        result.get(timeout=20)


def main(_):
    worker = os.fork()
    if worker == 0:
        work()
        os._exit(0)
    time.sleep(3)
    traffic.crowd(ask, clients=3, seconds=14, pause=(0.05, 0.15))
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)


main(0)
