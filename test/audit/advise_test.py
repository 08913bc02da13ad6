#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests `drover advise`: its input and output, and whether its prediction comes true.

  advise_test.py DROVER REDIS_SERVER
"""

import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).parent
PATIENCE_S = 120
programs = {}


class advise_command(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="drover.advise.")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        self.environment = {name: value for name, value in os.environ.items()
                            if "REDIS" not in name and "VALKEY" not in name}
        self.environment["DROVER_REDIS_SERVER"] = programs["server"]

    def drover(self, *arguments):
        done = subprocess.run([programs["drover"], *map(str, arguments)], text=True,
                              capture_output=True, timeout=PATIENCE_S, cwd=self.folder,
                              stdin=subprocess.DEVNULL, env=self.environment)
        return done.returncode, done.stdout, done.stderr

    def record(self, name, settings):
        """Returns the loads as the origin counted them."""
        code, out, err = self.drover(
            "audit", "--redis", "auto", "--record", name, "--fail-on", "never", "--exit-code",
            "findings", "--out", "report.txt", "--", sys.executable, "-B",
            FOLDER / "advised_app.py", json.dumps(settings))
        self.assertIn(code, (0, 3), out + err)
        return int(out)

    def advice(self, name):
        code, out, err = self.drover("advise", "--format", "json", name)
        self.assertEqual(code, 0, err)
        return json.loads(out)

    def test_the_prediction_comes_true_with_the_recommended_settings(self):
        settings = {"seconds": 6, "load_ms": 40, "ttl_ms": 500, "jitter": 0, "early_refresh_ms": 0,
                    "lease_ms": 0}
        counted = self.record("before.jsonl.gz", settings)
        advice = self.advice("before.jsonl.gz")
        pattern, = (entry for entry in advice["patterns"] if entry["pattern"] == "page:*")
        self.assertEqual(pattern["keys"], 4)
        self.assertAlmostEqual(pattern["recorded"]["loads"], counted, delta=2 + counted / 20)
        self.assertEqual(pattern["recorded"]["ttl_ms"], 500)
        recommended = pattern["recommended"]
        self.assertGreater(recommended["lease_ms"], 3 * 40, "it is a stampede")
        self.assertGreater(recommended["early_refresh_ms"], 40)
        self.assertGreater(recommended["jitter"], 0)
        predicted = pattern["predicted"]["loads"]
        self.assertLess(predicted, counted / 2)
        after = self.record("after.jsonl.gz", settings | recommended)
        self.assertLess(after, counted / 2, "the advice helps")
        print(f"{counted} loads before, {predicted} predicted, {after} counted")
        self.assertLessEqual(after, max(predicted + 6, 1.3 * predicted))
        # A busy machine makes loads and the gaps between reads longer, and so their number smaller.
        self.assertGreaterEqual(after, min(predicted - 6, 0.5 * predicted))
        again, = (entry for entry in self.advice("after.jsonl.gz")["patterns"]
                  if entry["pattern"] == "page:*")
        self.assertNotIn("had several loads", " ".join(again["reasons"]))

    def test_the_text_names_settings_reasons_and_savings(self):
        counted = self.record("run.jsonl", {"seconds": 2, "load_ms": 20, "ttl_ms": 300, "jitter": 0,
                                            "early_refresh_ms": 0, "lease_ms": 0})
        code, out, err = self.drover("advise", "run.jsonl")
        self.assertEqual(code, 0, err)
        self.assertGreater(counted, 0)
        for text in ("loads recorded", "page:*", "early refresh", "lease", "saved",
                     "had several loads"):
            self.assertIn(text, out)
        self.assertEqual(self.drover("advise", "run.jsonl")[1], out, "the same each time")
        code, printed, _ = self.drover("advise", "--format", "json", "--out", "a.json", "--format",
                                       "text", "run.jsonl")
        self.assertEqual((code, printed), (0, out))
        self.assertEqual(json.loads((self.folder / "a.json").read_text())["version"], 1)

    def test_a_recording_without_a_cache_has_no_advice(self):
        recording = ('{"record":"begin","version":1,"tool":"t","unix_ms":0,"keys_hidden":false,'
                     '"active":false}\n')
        (self.folder / "quiet.jsonl").write_text(recording)
        code, out, err = self.drover("advise", "quiet.jsonl")
        self.assertEqual(code, 0, err)
        self.assertIn("nothing to advise", out)
        self.assertEqual(self.advice("quiet.jsonl")["patterns"], [])

    def test_bad_input_is_named(self):
        (self.folder / "text.jsonl").write_text("no recording\n")
        (self.folder / "cut.jsonl.gz").write_bytes(gzip.compress(b"no recording\n" * 9)[:-9])
        for arguments, message in (
                (("text.jsonl",), "text.jsonl"), (("missing.jsonl",), "No such file"),
                ((".",), "."), (("cut.jsonl.gz",), "cut.jsonl.gz"), ((), "RECORDING"),
                (("--format", "html", "text.jsonl"), "'html': must be text or json"),
                (("--out", "no/such/folder", "text.jsonl"), "no/such/folder")):
            with self.subTest(arguments):
                code, out, err = self.drover("advise", *arguments)
                self.assertEqual((code, out), (2, ""), err)
                self.assertIn(message, err)
                self.assertNotIn("--replay", err)


def main():
    programs["drover"], programs["server"] = (os.path.abspath(path) for path in sys.argv[1:3])
    result = unittest.TextTestRunner(verbosity=2).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(advise_command))
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
