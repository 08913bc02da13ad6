#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests that an application that fails or does nothing is neither recorded nor passes, even if its
manifest calls it safe.
"""

import json
import pathlib
import sys
import tempfile
import types
import unittest
from unittest import mock

sys.dont_write_bytecode = True

import applications
import behind_proxy
import record_apps

# Stands for the command `drover`: runs the application and reports how many lines it printed as
# commands. Its exit code is that of a verdict, whatever the application's was.
STAND_IN = """#!/usr/bin/env python3
import json, pathlib, subprocess, sys
at = sys.argv.index("--")
done = subprocess.run(sys.argv[at + 1:], capture_output=True)
options = sys.argv[1:at]
if "--record" in options:
    pathlib.Path(options[options.index("--record") + 1]).write_bytes(done.stdout)
run = {"commands": done.stdout.count(b"\\n"), "loads": 0, "refreshes": 0, "origin_loads": 0}
counts = {name + "_each_second": [] for name in ("loads", "refreshes", "origin")}
print(json.dumps({"run": run, "findings": [], **counts}))
"""
GOOD = "print('GET\\n' * 200)"


class record_apps_test(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="drover.")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.drover = self.folder / "drover"
        self.drover.write_text(STAND_IN)
        self.drover.chmod(0o755)
        for name in ("private_server", "stall_watch"):
            module = behind_proxy if name == "private_server" else record_apps.stall_watch
            stand_in = mock.MagicMock()
            stand_in.return_value.__enter__.return_value = mock.MagicMock(longest_s=0.0)
            self.patch(module, name, stand_in)
        self.patch(behind_proxy, "command_of",
                   lambda app, build: [sys.executable, str(app.source)])
        self.patch(applications, "RECORDINGS", self.folder)

    def patch(self, module, name, value):
        patcher = mock.patch.object(module, name, value)
        patcher.start()
        self.addCleanup(patcher.stop)

    def safe_application(self, program):
        source = self.folder / "app.py"
        source.write_text(program)
        manifest = self.folder / "app.json"
        manifest.write_text(json.dumps({"title": "t", "safe": True, "expect": []}))
        with mock.patch.dict(applications.SUFFIXES, {self.folder.name: ".py"}):
            app = applications.application(manifest)
        app.digest = lambda: "0" * 64
        app.recording = self.folder / "app.jsonl.gz"
        return app

    def recorded(self, program):
        app = self.safe_application(program)
        arguments = types.SimpleNamespace(drover=str(self.drover), build=self.folder)
        return record_apps.record_and_tell(app, arguments), app.recording.exists()

    def test_records_an_application_that_works(self):
        self.assertEqual(self.recorded(GOOD), (True, True))

    def test_keeps_nothing_of_an_application_that_fails(self):
        for ending in ("raise SystemExit(1)", "raise SystemExit(3)", "raise OSError('no server')",
                       "import os; os.kill(os.getpid(), 9)"):
            with self.subTest(ending):
                self.assertEqual(self.recorded(f"{GOOD}\n{ending}"), (False, False))

    def test_keeps_nothing_of_an_application_that_does_nothing(self):
        for program in ("", "print('GET\\n' * 20)"):
            with self.subTest(program):
                self.assertEqual(self.recorded(program), (False, False))

    def test_a_recording_of_nothing_is_not_as_expected(self):
        app = self.safe_application(GOOD)
        counts = {f"{name}_each_second": [] for name in ("loads", "refreshes", "origin")}
        run = {"commands": 3, "loads": 0, "refreshes": 0, "origin_loads": 0}
        lines = applications.complaints(app, {"run": run, "findings": [], **counts})
        self.assertEqual(len(lines), 1)
        self.assertIn("only 3 commands", lines[0])


if __name__ == "__main__":
    unittest.main()
