#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests `drover audit` as it runs in production: a share of the keys, reports of windows, and
metrics.

  windows_test.py DROVER REDIS_SERVER
"""

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request

from audit_run import APPLICATION, PATIENCE_S, application, audit_run, main


class audit_windows(audit_run):
    def test_a_sample_is_stated_in_all_reports_and_keeps_locks_with_their_values(self):
        script = """
import sys
sys.path.insert(0, sys.argv[1])
import command_app
redis = command_app.client()
for id in range(400):
    redis.ask("GET", f"user:{id}")
    redis.ask("SET", f"lock:user:{id}", "t", "NX", "PX", 5000)
    redis.ask("SET", f"user:{id}", "v", "PX", 60000 + id)
    redis.ask("DEL", f"lock:user:{id}")
"""
        reports = [word for kind in ("json", "junit", "sarif", "html")
                   for word in ("--format", kind, "--out", f"a.{kind}")]
        code, out, err = self.audit(
            "--redis", "auto", "--sample", "10%", "--record", "run.jsonl", "--format", "text",
            *reports, "--exit-code", "findings", "--fail-on", "never", "--", sys.executable, "-B",
            "-c", script, APPLICATION.parent)
        self.assertIn(code, (0, 3), out + err)
        report = json.loads((self.folder / "a.json").read_text())
        self.assertEqual(report["run"]["keys_per_million"], 100000)
        self.assertEqual(report["run"]["commands_passed"], 1600)
        keys = {role["pattern"]: role["keys"] for role in report["roles"]}
        self.assertEqual(keys["user:*"], keys["lock:user:*"])
        self.assertEqual(report["run"]["commands"], 4 * keys["user:*"])
        self.assertTrue(15 < keys["user:*"] < 70, keys)
        for text in (out, *((self.folder / f"a.{kind}").read_text()
                            for kind in ("junit", "sarif", "html"))):
            self.assertIn("of 1,600 that passed (10 % of the keys were examined)", text)
        self.assertNotIn("C903", out)
        code, again, err = self.audit("--replay", "run.jsonl", "--fail-on", "never")
        self.assertIn("of 1,600 that passed (10 % of the keys were examined)", again + err)

    LISTENING = r"listening on 127\.0\.0\.1:(\d+) .*"
    METRICS = r"metrics at http://127\.0\.0\.1:(\d+)/metrics"

    def lines_of_errors(self, process, *patterns):
        """Reads standard error until each pattern was found. Returns the first groups."""
        found = {}
        while len(found) < len(patterns):
            line = process.stderr.readline()
            self.assertTrue(line, f"no {patterns}")
            for pattern in patterns:
                if match := re.search(pattern, line):
                    found[pattern] = match[1]
        return [int(found[pattern]) for pattern in patterns]

    def scrape(self, port):
        text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60).read()
        lines = text.decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))

    def wait_for_metric(self, port, name, least):
        end = time.monotonic() + PATIENCE_S
        while float((values := self.scrape(port)).get(name, 0)) < least:
            self.assertLess(time.monotonic(), end, values)
            time.sleep(0.05)
        return values

    def two_reports_later(self, port):
        """The metrics after the report of the window that runs now."""
        name = "drover_audit_reports_total"
        return self.wait_for_metric(port, name, float(self.scrape(port)[name]) + 2)

    def test_windows_have_reports_of_their_own_and_metrics_sum_them_up(self):
        process = self.begin("--redis", "auto", "--listen", "127.0.0.1:0", "--metrics", "0",
                             "--report-every", "1s", "--keep", "1000", "--format", "json", "--out",
                             "audit.json")
        self.addCleanup(process.kill)
        port, metrics = self.lines_of_errors(process, self.LISTENING, self.METRICS)
        application_environment = self.environment | {"REDIS_URL": f"redis://127.0.0.1:{port}"}
        for _ in range(3):
            subprocess.run(application("stampede"), env=application_environment, check=True)
        values = self.two_reports_later(metrics)
        self.assertEqual(values["drover_audit_connections_total"], "12")
        self.assertEqual(values["drover_audit_report_errors_total"], "0")
        process.send_signal(signal.SIGINT)
        code, _, err = self.end(process)
        reports = [json.loads(path.read_text()) for path in self.folder.glob("audit.json*")]
        self.assertGreaterEqual(len(reports), 3, "one file for each window")
        # What spans two windows counts in neither, so the number depends on where they end.
        loads = sum(report["run"]["loads"] for report in reports)
        self.assertEqual(values["drover_audit_loads_total"], str(loads))
        self.assertTrue(0 < loads <= 4 * 5, "the keys are cold in the first run only")
        failed = sum(report["verdict"] == "fail" for report in reports)
        self.assertEqual(code == 1, failed > 0, "the code of the worst window: " + err)
        with_finding = sum(any(finding["rule"] == "C101" for finding in report["findings"])
                           for report in reports)
        name = 'drover_audit_reports_with_finding_total{rule="C101"}'
        self.assertEqual(float(values.get(name, 0)), with_finding)

    def test_the_newest_reports_are_kept(self):
        process = self.begin("--redis", "auto", "--listen", "127.0.0.1:0", "--metrics", "0",
                             "--report-every", "1s", "--keep", "3", "--format", "json", "--out",
                             "audit.json")
        self.addCleanup(process.kill)
        metrics, = self.lines_of_errors(process, self.METRICS)
        self.wait_for_metric(metrics, "drover_audit_reports_total", 4)
        process.send_signal(signal.SIGINT)
        code, _, err = self.end(process)
        self.assertEqual(code, 3, "no command was seen: " + err)
        names = sorted(path.name for path in self.folder.glob("audit.json*"))
        self.assertEqual(names, ["audit.json", "audit.json.1", "audit.json.2"])

    def test_a_window_knows_the_connections_and_scripts_of_earlier_ones(self):
        """A lock that is released by a script sent in the first window, over old connections."""
        script = """
import pathlib, sys, time
sys.path.insert(0, sys.argv[1])
import command_app
redis = command_app.client()
redis.ask("CLIENT", "SETNAME", "worker")
body = redis.ask("SCRIPT", "LOAD", command_app.RELEASE).decode()
window = 0
for id in range(100000):
    if pathlib.Path("stop").exists():
        break
    redis.ask("GET", f"user:{id}")
    redis.ask("SET", f"lock:user:{id}", str(id), "NX", "PX", 5000)
    redis.ask("SET", f"user:{id}", "v", "PX", 60000 + id)
    redis.ask("EVALSHA", body, 1, f"lock:user:{id}", str(id))
    time.sleep(0.01)
"""
        process = self.begin("--redis", "auto", "--metrics", "0", "--report-every", "1s", "--keep",
                             "2", "--format", "json", "--out", "audit.json", "--", sys.executable,
                             "-B", "-c", script, APPLICATION.parent)
        self.addCleanup(process.kill)
        metrics, = self.lines_of_errors(process, self.METRICS)
        self.wait_for_metric(metrics, "drover_audit_reports_total", 3)
        report = json.loads((self.folder / "audit.json").read_text())
        (self.folder / "stop").touch()
        self.end(process)
        self.assertEqual(report["run"]["connections"], 1)
        self.assertEqual(report["run"]["processes"], 1)
        self.assertGreater(report["run"]["commands"], 0)
        roles = {role["pattern"]: role for role in report["roles"]}
        self.assertEqual(roles["lock:user:*"]["role"], "lock")
        self.assertEqual([notice["rule"] for notice in report["notices"]
                          if notice["rule"] == "C902"], [], "the script is known")


if __name__ == "__main__":
    sys.exit(main(audit_windows))
