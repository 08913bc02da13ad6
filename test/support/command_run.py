# SPDX-License-Identifier: MIT
"""Runs a command of drover in a folder of its own, for the tests of the command."""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

PATIENCE_S = 90
programs = {}


def running_in(folder):
    """Processes that were started with a path in the folder."""
    processes = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in entry.read_bytes():
                processes.append(entry.parent.name)
    return processes


class command_run(unittest.TestCase):
    command = ""  # "audit"; a test of a command sets it

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix=f"drover.{self.command}.")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        (self.folder / "tmp").mkdir()
        self.environment = {name: value for name, value in os.environ.items()
                            if "REDIS" not in name and "VALKEY" not in name}
        self.environment |= {"TMPDIR": str(self.folder / "tmp"), "NO_COLOR": "1",
                             "DROVER_REDIS_SERVER": programs["server"]}

    def begin(self, *options, stdin=subprocess.DEVNULL, **more):
        return subprocess.Popen([programs["drover"], self.command, *map(str, options)], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=stdin,
                                cwd=self.folder, env=self.environment | more)

    def end(self, process, text=None):
        try:
            out, err = process.communicate(text, timeout=PATIENCE_S)
        finally:
            process.kill()
        self.assertEqual(list((self.folder / "tmp").iterdir()), [], "temporary files are left")
        self.assertEqual(running_in(self.folder / "tmp"), [], "a process is left")
        return process.returncode, out, err

    def run_command(self, *options, **more):
        return self.end(self.begin(*options, **more))

    def wait_for(self, path):
        end = time.monotonic() + PATIENCE_S
        while not path.exists():
            self.assertLess(time.monotonic(), end, f"{path} never came")
            time.sleep(0.01)


def main(test_case, names=("drover", "server")):
    """`names`: of the programs on the command line."""
    for name, path in zip(names, sys.argv[1:]):
        programs[name] = os.path.abspath(path)
    result = unittest.TextTestRunner(verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(test_case))
    return 0 if result.wasSuccessful() and result.testsRun else 1
