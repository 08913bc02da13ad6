#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the command `drover fault-proxy`: the environment of its command, exit codes, signals, the
log, the summary, invalid usage, and the commands in its page.

  command_test.py DROVER REDIS_SERVER FIRST_EXAMPLE
"""

import contextlib
import json
import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

from command_run import PATIENCE_S, command_run, main, programs, running_in

APPLICATION = pathlib.Path(__file__).with_name("ping_app.py")
PAGE = pathlib.Path(__file__).parents[2] / "docs/how-to/test-with-faults.md"


def application(*commands):
    return [sys.executable, "-B", str(APPLICATION), *commands]


class fault_proxy_command(command_run):
    command = "fault-proxy"

    def run_proxy(self, *options, **more):
        return self.run_command(*options, **more)

    def address_of(self, process):
        for line in process.stderr:
            if "injecting faults on " in line:
                return line.split("injecting faults on ")[1].split()[0]
        self.fail("the proxy never listened")

    # The command behind the proxy.

    def test_a_command_finds_the_proxy_and_its_exit_code_is_passed_on(self):
        code, out, err = self.run_proxy("--redis", "auto", "--fault", "error code=OOM command=set",
                                        "--", *application("GET k", "SET k v", "GET k"))
        self.assertEqual(code, 0, err)
        self.assertEqual(out.splitlines()[:3], [
            "$-1", "-OOM command not allowed when used memory > 'maxmemory'.", "$-1"])
        for expected in ("1 fault injected: 1 connection, 3 requests, seed 1", "selected",
                         "error code=OOM command=set"):
            self.assertIn(expected, out)
        self.assertEqual(self.run_proxy("--redis", "auto", "--fault", "drop", "--", "sh", "-c",
                                        "exit 7")[0], 7)
        self.assertEqual(self.run_proxy("--redis", "auto", "--fault", "drop", "--", "sh", "-c",
                                        "kill -KILL $$")[0], 137)

    def test_the_variables_and_arguments_name_the_proxy(self):
        script = 'echo "$REDIS_URL|$REDIS_HOST:$REDIS_PORT|$MINE|$1"'
        code, out, err = self.run_proxy(
            "--redis", "auto", "--fault", "drop", "--set-env", "MINE=at {address}/1", "--", "sh",
            "-c", script, "sh", "{}", REDIS_URL="redis://elsewhere:6379/2")
        self.assertEqual(code, 0, err)
        address = err.split("injecting faults on ")[1].split()[0]
        self.assertEqual(out.splitlines()[0],
                         f"redis://{address}/2|{address}|at {address}/1|redis://{address}")

    # The log and the summary.

    def test_logs_each_fault_and_counts_it_in_the_summary(self):
        code, out, err = self.run_proxy(
            "--redis", "auto", "--fault", "drop nth=2", "--fault", "cut at=3 key=b",
            "--fault", "down from=1h for=1s", "--seed", "9", "--log", "log.jsonl", "--format",
            "json", "--", *application("GET a", "PING", "PING", "GET b"))
        self.assertEqual(code, 0, err)
        lines = [json.loads(line) for line in (self.folder / "log.jsonl").read_text().splitlines()]
        self.assertEqual((self.folder / "log.jsonl").stat().st_mode & 0o777, 0o600)
        for line in lines:
            self.assertGreaterEqual(line.pop("at_ms"), 0)
        self.assertEqual(lines, [
            {"fault": 1, "kind": "drop", "connection": 1, "request": 2, "command": "PING",
             "executed": True},
            {"fault": 2, "kind": "cut", "connection": 1, "request": 4, "command": "GET",
             "key": "b", "bytes": 3}])
        summary = json.loads(out)
        self.assertEqual(summary, {
            "version": 1, "seed": 9, "connections": 1, "requests": 4, "connections_unchanged": 0,
            "turned_away": 0, "log_lines_lost": 0, "command_exit_code": 0, "faults": [
                {"fault": 1, "kind": "drop", "spec": "drop nth=2", "selected": 4, "injected": 1,
                 "not_injected": 0},
                {"fault": 2, "kind": "cut", "spec": "cut at=3 key=b", "selected": 1,
                 "injected": 1, "not_injected": 0},
                {"fault": 3, "kind": "down", "spec": "down from=1h for=1s", "injected": 0,
                 "not_injected": 0}]})
        self.assertIn("+PONG", err, "the command's output does not mix with the JSON")

    def test_a_log_on_standard_output_has_nothing_else_in_it(self):
        code, out, err = self.run_proxy("--redis", "auto", "--fault", "duplicate", "--log", "-",
                                        "--", *application("PING"))
        self.assertEqual(code, 0, err)
        self.assertEqual([json.loads(line)["kind"] for line in out.splitlines()], ["duplicate"])
        self.assertIn("1 fault injected", err)

    def test_a_log_that_nobody_reads_does_not_stop_the_proxy(self):
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, b"x" * 4096)
        os.set_blocking(writer, True)
        process = subprocess.Popen(
            [programs["drover"], "fault-proxy", "--redis", "auto", "--fault", "duplicate", "--log",
             "-", "--", *application("PING", "PING", "PING")], text=True, stdout=writer,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=self.folder,
            env=self.environment)
        code, _, err = self.end(process)
        os.close(reader)
        os.close(writer)
        self.assertEqual(code, 0, err)
        self.assertIn("lines of the log could not be written", err)

    def test_a_full_disk_is_reported(self):
        code, out, err = self.run_proxy("--redis", "auto", "--fault", "duplicate", "--log",
                                        "/dev/full", "--", *application("PING"))
        self.assertEqual(code, 0, err)
        self.assertIn("1 line of the log could not be written", out)

    def test_same_seed_and_traffic_give_the_same_log(self):
        logs = []
        for seed in (1, 1, 2):
            code, _, err = self.run_proxy(
                "--redis", "auto", "--fault", "error code=BUSY chance=40%", "--fault",
                "delay mean=1ms chance=40%", "--seed", seed, "--log", "log.jsonl", "--",
                *application(*["PING"] * 50))
            self.assertEqual(code, 0, err)
            logs.append(re.sub(r'"at_ms": [0-9.]+,', "",
                               (self.folder / "log.jsonl").read_text()))
        self.assertGreater(len(logs[0].splitlines()), 20)
        self.assertEqual(logs[0], logs[1])
        self.assertNotEqual(logs[0], logs[2])

    # Scripts.

    def test_reads_faults_from_a_file_and_from_standard_input(self):
        (self.folder / "faults.txt").write_text("# two\r\n\r\ndrop nth=1\r\ncut at=0 nth=9\n")
        process = self.begin("--redis", "auto", "--fault", "drop nth=7", "--script", "faults.txt",
                             "--script", "-", "--format", "json", "--", "true",
                             stdin=subprocess.PIPE)
        code, out, err = self.end(process, "push\n")
        self.assertEqual(code, 0, err)
        self.assertEqual([fault["spec"] for fault in json.loads(out)["faults"]],
                         ["drop nth=7", "drop nth=1", "cut at=0 nth=9", "push"])

    def test_lists_all_faults_with_an_example_that_works(self):
        code, out, _ = self.run_proxy("--list-faults")
        self.assertEqual(code, 0)
        examples = re.findall(r"^  example:  (.*)$", out, re.MULTILINE)
        self.assertEqual(len(examples), 12)
        options = [part for example in examples for part in ("--fault", example)]
        code, out, err = self.run_proxy("--redis", "auto", *options, "--", "true")
        self.assertEqual(code, 0, out + err)

    # Signals and ends.

    def test_a_signal_ends_the_proxy_in_order(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.begin("--redis", "auto", "--listen", "127.0.0.1:0", "--fault",
                                 "half-open command=get")
            host, port = self.address_of(process).rsplit(":", 1)
            with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as client:
                client.sendall(b"PING\r\nGET k\r\n")
                self.assertEqual(client.recv(100), b"+PONG\r\n")
                process.send_signal(number)
                code, out, err = self.end(process)
                self.assertEqual(client.recv(100), b"")
            self.assertEqual(code, 0, err)
            self.assertIn("1 connection, 2 requests", out)

    def test_a_signal_reaches_the_command(self):
        script = 'trap "exit 5" TERM; touch ready; while :; do sleep 0.02; done'
        process = self.begin("--redis", "auto", "--fault", "drop", "--", "sh", "-c", script)
        end = time.monotonic() + PATIENCE_S
        while not (self.folder / "ready").exists():
            self.assertLess(time.monotonic(), end, "the command never started")
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        code, out, err = self.end(process)
        self.assertEqual(code, 5, out + err)
        self.assertIn("0 faults injected", out)

    def test_stops_when_its_time_is_over(self):
        code, out, err = self.run_proxy("--redis", "auto", "--listen", "127.0.0.1:0", "--fault",
                                        "drop", "--for", "200ms")
        self.assertEqual(code, 0, out + err)

    def test_the_end_of_the_private_server_is_a_failure(self):
        process = self.begin("--redis", "auto", "--listen", "127.0.0.1:0", "--fault", "drop")
        self.address_of(process)
        for pid in running_in(self.folder / "tmp"):
            os.kill(int(pid), signal.SIGKILL)
        code, _, err = self.end(process)
        self.assertEqual(code, 2, err)
        self.assertIn("redis-server ended by signal 9", err)

    # Invalid usage is reported before anything is started.

    def test_refuses_invalid_usage_before_it_starts_anything(self):
        mark = ["--", "touch", "started"]
        auto = ["--redis", "auto"]
        (self.folder / "broken.txt").write_text("drop\n\n  dorp\n")
        (self.folder / "empty.txt").write_text("# nothing\n")
        (self.folder / "old.jsonl").write_text("kept\n")
        cases = [
            (["--fault", "dorp", *mark], "--fault 'dorp': column 1: 'dorp' is no kind of fault"),
            (["--fault", "drop nth=x", *mark], "column 6: 'nth=x': nth= must be followed by"),
            (["--fault", "", *mark], "there is no fault in it"),
            (["--script", "broken.txt", *mark], "--script broken.txt: line 3, column 3: 'dorp'"),
            (["--script", "missing.txt", *mark], "missing.txt"),
            (["--script", "empty.txt", *mark], "no fault is given; use --fault"),
            (mark, "no fault is given; use --fault"),
            (["--fault", "drop", "--format", "xml", *mark], "must be text or json"),
            (["--fault", "drop", "--seed", "x", *mark], "--seed 'x'"),
            (["--fault", "drop", "--log", "no/such/log", *mark], "--log no/such/log"),
            (["--fault", "drop", "--out", "no/such/out", *mark], "no/such/out"),
            (["--fault", "drop", "--listen", "nowhere:x", *mark], "--listen"),
            (["--fault", "drop", "--", "no-such-program-here"], "no-such-program-here"),
            (["--fault", "drop", "extra"], "put the command to run after --"),
            (["--fault", "drop", "--"], "the command to run is missing"),
        ]
        for options, named in cases:
            with self.subTest(options):
                log = [] if "--log" in options else ["--log", "old.jsonl"]
                code, out, err = self.run_proxy(*auto, *log, *options)
                self.assertEqual(code, 2, out + err)
                self.assertIn(named, err)
                self.assertEqual(out, "")
                self.assertFalse((self.folder / "started").exists())
                self.assertEqual((self.folder / "old.jsonl").read_text(), "kept\n")
        for options, named in ((["--upstream", "redis+cluster://h:1"], "one server"),
                               (["--upstream", "h:1", "--upstream-ca", "x"], "rediss://"),
                               (["--upstream", "h:1", "--upstream-cert", "x"], "--upstream-key")):
            code, _, err = self.run_proxy("--fault", "drop", *options, *mark)
            self.assertEqual(code, 2)
            self.assertIn(named, err)
        code, _, err = self.run_proxy("--fault", "drop", *auto, "--upstream", "h:1", *mark)
        self.assertEqual(code, 2)

    # The page.

    def test_the_library_serves_every_call_as_the_page_shows(self):
        line = next(line for line in PAGE.read_text().splitlines() if "01_first_cache" in line)
        words = shlex.split(line.removeprefix("drover fault-proxy"))
        words = [programs["example"] if "01_first_cache" in word else word for word in words]
        code, out, err = self.run_proxy(*words)
        self.assertEqual(code, 0, out + err)
        self.assertIn("user 42, 2 queries for 51 calls", out)
        self.assertRegex(out, r"(?m)^ +1 +\d+ +[1-9]\d* +delay")

    def test_the_page_shows_only_faults_and_options_that_exist(self):
        page = PAGE.read_text()
        scripts = re.findall(r"^```\n# faults\.txt\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        (self.folder / "page.txt").write_text("\n".join(scripts))
        shown = re.findall(r"--fault '([^']*)'", page) + re.findall(r"^\| `([^`]*)` \|", page,
                                                                   re.MULTILINE)
        kinds = self.run_proxy("--list-faults")[1]
        specs = [spec for spec in shown if " " in spec or f"\n{spec}\n" in kinds]
        self.assertGreaterEqual(len(specs), 12)
        options = [part for spec in specs for part in ("--fault", spec)]
        code, out, err = self.run_proxy("--redis", "auto", *options, "--script", "page.txt", "--",
                                        "true")
        self.assertEqual(code, 0, out + err)
        known = self.run_proxy("--help")[1]
        for option in set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", page)):
            self.assertIn(option, known)


if __name__ == "__main__":
    sys.exit(main(fault_proxy_command, ("drover", "server", "example")))
