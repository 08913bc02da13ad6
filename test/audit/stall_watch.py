# SPDX-License-Identifier: MIT
"""Measures how long the machine delays a process. A recording with long delays shows the machine,
not the application."""

import threading
import time

STEP_S = 0.01


class stall_watch:
    """`longest_s` is the longest delay of a sleep while the context is active."""

    def __enter__(self):
        self.longest_s = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _look(self):
        while not self._over.is_set():
            asleep = time.monotonic()
            time.sleep(STEP_S)
            self.longest_s = max(self.longest_s, time.monotonic() - asleep - STEP_S)
