#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests `drover acl` and `drover doctor` against a real server.

  command_test.py DROVER REDIS_SERVER
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PATIENCE_S = 120
programs = {}


class server:
    """A private server; stops with the test."""

    def __init__(self, test, *arguments):
        scratch = tempfile.TemporaryDirectory(prefix="drover.doctor.")
        test.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [programs["server"], "--bind", "127.0.0.1", "--port", str(self.port), "--dir",
             self.folder, "--save", "", *arguments],
            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        test.addCleanup(self.stop)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self.command("PING")
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def command(self, *words):
        """Sends one command. Returns its short reply in the form of the protocol."""
        texts = [str(word).encode() for word in words]
        request = b"*%d\r\n" % len(texts)
        request += b"".join(b"$%d\r\n%s\r\n" % (len(text), text) for text in texts)
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S) as connection:
            connection.sendall(request)
            reply = b""
            while not reply.endswith(b"\r\n"):
                piece = connection.recv(65536)
                if not piece:
                    raise OSError("the server closed the connection")
                reply += piece
        return reply.decode().strip()

    def stop(self):
        self.process.kill()
        self.process.wait()


def drover(*arguments, url=None):
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    if url is not None:
        environment["REDIS_URL"] = url
    done = subprocess.run([programs["drover"], *map(str, arguments)], text=True, env=environment,
                          capture_output=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


class acl_and_doctor(unittest.TestCase):
    def setUp(self):
        self.server = server(self)
        self.url = f"redis://app:its-secret@127.0.0.1:{self.server.port}"

    def create_user(self, *names, changes=()):
        code, out, err = drover("acl", *names)
        self.assertEqual(code, 0, err)
        self.assertEqual(out.count("\n"), 1)
        words = out.replace("PASSWORD", "its-secret").split()
        self.assertEqual(self.server.command(*words, *changes), "+OK")

    def test_the_printed_user_lacks_nothing(self):
        self.create_user("user", "order")
        code, out, err = drover("doctor", self.url, "user", "order", "--timeout", "60s")
        self.assertEqual((code, err), (0, ""), out)
        self.assertRegex(out, r"^ready: \w+ [0-9.]+, primary, round trip [0-9.]+ ms\n$")
        self.assertEqual(self.server.command("ACL", "LOG"), "*0", "nothing was refused")

    def test_a_missing_right_is_named_with_its_remedy(self):
        self.create_user("user", changes=["-client|list"])
        code, out, _ = drover("doctor", "user", "--timeout", "60s", url=self.url)
        self.assertEqual(code, 3, out)
        self.assertTrue(out.startswith("degraded: "), out)
        self.assertIn("\nwarning  CLIENT LIST\n  NOPERM ", out)
        self.assertIn("\n  Remedy: grant +client|list\n", out)
        self.assertNotIn("its-secret", out)
        self.create_user("user", changes=["-evalsha"])
        code, out, _ = drover("doctor", "user", "--timeout", "60s", "--format", "json",
                              url=self.url)
        self.assertEqual(code, 1)
        report = json.loads(out)
        self.assertEqual((report["state"], report["role"]), ("unusable", "primary"))
        self.assertGreater(report["round_trip_ms"], 0)
        [problem] = report["problems"]
        self.assertEqual((problem["request"], problem["essential"], problem["remedy"]),
                         ("EVALSHA", True, "grant +evalsha"))

    def test_a_line_of_an_acl_file_is_loaded_by_the_server(self):
        code, line, err = drover("acl", "--format", "file", "--user", "shop", "--database", "3",
                                 "user")
        self.assertEqual(code, 0, err)
        file = self.server.folder / "users.acl"
        file.write_text(line.replace("PASSWORD", "its-secret"), encoding="ascii")
        other = server(self, "--aclfile", file)
        url = f"redis://shop:its-secret@127.0.0.1:{other.port}/3"
        code, out, _ = drover("doctor", url, "user", "--timeout", "60s")
        self.assertEqual(code, 0, out)

    def test_a_server_that_is_away_is_unusable(self):
        code, out, _ = drover("doctor", f"unix://{self.server.folder}/nobody", "--timeout", "50ms")
        self.assertEqual(code, 1, out)
        self.assertRegex(out, r"^unusable\n\nerror    connect\n  \S.*\n  Every call loads")

    def test_wrong_usage(self):
        for arguments, text in (
                (["doctor"], "URL is missing"),
                (["doctor", "user"], "URL is missing"),
                (["doctor", "http://host"], "redis://"),
                (["doctor", self.url, "a b"], "'a b'"),
                (["doctor", self.url, "--format", "xml"], "must be text or json"),
                (["doctor", self.url, "--timeout", "0s"], "--timeout"),
                (["acl"], "NAME"),
                (["acl", "a:b"], "'a:b'"),
                (["acl", "user", "--user", "a b"], "--user 'a b'"),
                (["acl", "user", "--format", "yaml"], "must be command or file"),
                (["acl", "user", "--database", "x"], "--database")):
            with self.subTest(arguments=arguments):
                code, out, err = drover(*arguments)
                self.assertEqual((code, out), (2, ""), err)
                self.assertIn(text, err)
                self.assertNotIn("its-secret", err)

    def test_help_teaches(self):
        for command in ("acl", "doctor"):
            code, out, _ = drover(command, "--help")
            self.assertEqual(code, 0)
            for part in ("Usage:", "Examples:", "Exit codes:"):
                self.assertIn(part, out)


if __name__ == "__main__":
    programs["drover"], programs["server"] = sys.argv[1:3]
    unittest.main(argv=sys.argv[:1])
