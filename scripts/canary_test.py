# SPDX-License-Identifier: MIT
"""Tests of scripts/canary: it finds a password that is planted, and does not pass by looking at
nothing."""

import gzip
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).with_name("canary")
LOADER = importlib.machinery.SourceFileLoader("canary", str(SCRIPT))
canary = importlib.util.module_from_spec(importlib.util.spec_from_loader("canary", LOADER))
LOADER.exec_module(canary)

SECRET = canary.MARK + b"-secret"


class Canary(unittest.TestCase):
    def setUp(self):
        self.kept = tempfile.TemporaryDirectory()
        self.addCleanup(self.kept.cleanup)
        self.folder = pathlib.Path(self.kept.name)
        self.texts = self.folder / "texts"
        self.texts.mkdir()
        lines = b"WRONGPASS\nNOPERM\n" + b"the connection was lost\n" * canary.TEXTS_MIN
        (self.texts / "1.txt").write_bytes(lines)
        self.results = self.folder / "results"
        self.results.mkdir()
        (self.results / "dev.log").write_text("all passed\n")

    def problems(self):
        return canary.problems_of(self.texts, [self.results])[0]

    def test_passes_without_a_secret(self):
        self.assertEqual(self.problems(), [])

    def test_finds_a_planted_secret_in_every_kind_of_file(self):
        planted = [
            ("dev.xml", b"<system-out>password " + SECRET + b"</system-out>"),
            ("upper.log", SECRET.upper()),
            ("binary", bytes(range(256)) * 5000 + SECRET + b"\0"),
            ("run.jsonl.gz", gzip.compress(b'{"text": "' + SECRET + b'"}')),
            ("hex.log", b"0x" + SECRET.hex().encode()),
            ("deep/report.json", b'{"url": "redis://:' + SECRET + b'@host"}'),
        ]
        for name, data in planted:
            path = self.results / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            self.assertEqual(self.problems(), [f"{path}: contains a password of the tests"])
            path.unlink()

    def test_finds_it_in_a_text_and_does_not_repeat_it(self):
        (self.texts / "2.txt").write_bytes(b"refused " + SECRET + b"\n")
        run = subprocess.run([sys.executable, SCRIPT, "--texts", self.texts, self.results],
                             capture_output=True, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"contains a password", run.stdout)
        self.assertNotIn(SECRET, run.stdout + run.stderr)

    def test_does_not_pass_by_looking_at_nothing(self):
        (self.texts / "1.txt").write_bytes(b"WRONGPASS\nNOPERM\n")
        self.assertTrue(any("only 2 texts" in problem for problem in self.problems()))
        (self.texts / "1.txt").unlink()
        self.assertEqual(len(self.problems()), 3)
        self.assertTrue(canary.problems_of(self.texts, [self.folder / "missing"])[0])
        (self.results / "damaged.gz").write_bytes(b"no gzip")
        self.assertTrue(any("cannot be read" in problem for problem in self.problems()))

    def test_the_tests_use_the_mark(self):
        marked = [path for path in (SCRIPT.parent.parent / "test").rglob("*.cpp")
                  if canary.MARK in path.read_bytes()]
        self.assertGreaterEqual(len(marked), 8)


if __name__ == "__main__":
    unittest.main()
