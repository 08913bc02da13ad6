# SPDX-License-Identifier: MIT
"""Runs the command `drover audit` in a folder of its own, for the tests of the command."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

APPLICATION = pathlib.Path(__file__).with_name("command_app.py")
SECRET = "a-value-that-nobody-may-keep"  # as in command_app.py
PATIENCE_S = 90
programs = {}


def application(kind):
    return [sys.executable, "-B", str(APPLICATION), kind]


def running_in(folder):
    """Processes that were started with a path in the folder."""
    processes = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in entry.read_bytes():
                processes.append(entry.parent.name)
    return processes


class command_run(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="drover.audit.")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        (self.folder / "tmp").mkdir()
        self.environment = {name: value for name, value in os.environ.items()
                            if "REDIS" not in name and "VALKEY" not in name}
        self.environment |= {"TMPDIR": str(self.folder / "tmp"), "NO_COLOR": "1",
                             "DROVER_REDIS_SERVER": programs["server"]}

    def begin(self, *options, **more):
        return subprocess.Popen([programs["drover"], "audit", *map(str, options)], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                stdin=subprocess.DEVNULL, cwd=self.folder,
                                env=self.environment | more)

    def end(self, process):
        try:
            out, err = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
        self.assertEqual(list((self.folder / "tmp").iterdir()), [], "temporary files are left")
        self.assertEqual(running_in(self.folder / "tmp"), [], "a process is left")
        return process.returncode, out, err

    def audit(self, *options, **more):
        return self.end(self.begin(*options, **more))

    def wait_for(self, path):
        end = time.monotonic() + PATIENCE_S
        while not path.exists():
            self.assertLess(time.monotonic(), end, f"{path} never came")
            time.sleep(0.01)


def main(test_case):
    programs["drover"], programs["server"] = (os.path.abspath(path) for path in sys.argv[1:3])
    result = unittest.TextTestRunner(verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(test_case))
    return 0 if result.wasSuccessful() and result.testsRun else 1
