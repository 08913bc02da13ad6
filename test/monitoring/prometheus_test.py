#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lets a real Prometheus read the metrics of a program, and checks the alerts and the dashboard in
examples/monitoring with it.

  prometheus_test.py PROMETHEUS PROMTOOL REDIS_SERVER METRICS_PAGE
"""

import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

PATIENCE_S = 120
EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples/monitoring"
programs = {}


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def promtool(*arguments, text=None):
    return subprocess.run([programs["promtool"], *arguments], input=text, capture_output=True,
                          text=True, check=False)


class monitoring_test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="drover.metrics.")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)
        cls.redis = cls.start([programs["server"], "--port", "0", "--save", "", "--dir",
                               cls.folder, "--unixsocket", cls.folder / "redis.sock"])
        cls.until("redis", lambda: (cls.folder / "redis.sock").exists())
        page = cls.start([programs["page"], f"unix://{cls.folder}/redis.sock"],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        cls.page_port = int(page.stdout.readline())
        (cls.folder / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "250ms", "evaluation_interval": "250ms"},
            "rule_files": [str(EXAMPLES / "drover-alerts.yml")],
            "scrape_configs": [{"job_name": "shop", "static_configs": [
                {"targets": [f"127.0.0.1:{cls.page_port}"]}]}]}))
        cls.port = free_port()
        cls.start([programs["prometheus"], f"--config.file={cls.folder}/prometheus.yml",
                   f"--storage.tsdb.path={cls.folder}/data",
                   f"--web.listen-address=127.0.0.1:{cls.port}"])
        cls.until("a scrape", lambda: cls.value('drover_cache_hits_total{cache="user"}') > 3)

    @classmethod
    def start(cls, command, **pipes):
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **pipes}
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, **pipes)

        def stop():
            process.kill()
            process.communicate()

        cls.addClassCleanup(stop)
        return process

    @classmethod
    def until(cls, event, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited for {event} for {PATIENCE_S} s")
            time.sleep(0.05)

    @classmethod
    def ask(cls, path, **parameters):
        url = f"http://127.0.0.1:{cls.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as response:
            return json.load(response)["data"]

    @classmethod
    def value(cls, query):
        """The value of the only series; 0 if there is none, or no Prometheus yet."""
        try:
            series = cls.ask("query", query=query)["result"]
        except OSError:
            return 0
        return float(series[0]["value"][1]) if series else 0

    def page(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.page_port}/metrics",
                                    timeout=PATIENCE_S) as response:
            return response.read().decode()

    def test_the_text_has_no_fault_that_promtool_knows(self):
        checked = promtool("check", "metrics", text=self.page())
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))

    def test_prometheus_reads_every_sample(self):
        samples = [line for line in self.page().splitlines() if not line.startswith("#")]
        names = {re.match(r"\w+", line)[0] for line in samples}
        self.assertGreater(len(samples), 100)
        for name in names:
            stored = self.ask("query", query=name)["result"]
            written = sum(line.startswith(name + "{") for line in samples)
            self.assertEqual(len(stored), written, name)
        labels = self.ask("label/cache/values")
        self.assertEqual(sorted(labels), sorted(["user", "failing",
                                                 'a "name"\nof \\ bytes \ufffd caf\u00e9']))

    def test_counters_and_the_histogram_have_their_types(self):
        types = {name: entry[0]["type"] for name, entry in self.ask("metadata").items()}
        self.assertEqual(types["drover_cache_hits_total"], "counter")
        self.assertEqual(types["drover_cache_wait_seconds"], "histogram")
        self.assertEqual(types["drover_client_state"], "gauge")

    def test_counters_only_grow(self):
        before = self.value('drover_cache_hits_total{cache="user"}')
        self.until("more hits",
                   lambda: self.value('drover_cache_hits_total{cache="user"}') > before)
        self.assertEqual(self.value('resets(drover_cache_hits_total{cache="user"}[5m])'), 0)

    def test_the_alerts_are_valid_and_do_what_their_tests_say(self):
        for arguments in (["check", "rules", EXAMPLES / "drover-alerts.yml"],
                          ["test", "rules", EXAMPLES / "drover-alerts-test.yml"]):
            done = promtool(*arguments)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_prometheus_evaluates_the_alerts_on_metrics_that_exist(self):
        def rules():
            return [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]

        self.until("all rules", lambda: all(rule["health"] == "ok" for rule in rules()))
        self.assertEqual(len(rules()), 10)
        known = set(self.ask("label/__name__/values"))
        for rule in rules():
            used = set(re.findall(r"drover_\w+", rule["query"]))
            self.assertTrue(used and used <= known, rule["query"])

    def test_every_query_of_the_dashboard_finds_data(self):
        dashboard = json.loads((EXAMPLES / "drover-dashboard.json").read_text())
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        self.assertGreater(len(queries), 15)
        for query in queries:
            query = query.replace("$__rate_interval", "30s")
            query = query.replace("$job", "shop").replace("$cache", ".*")
            self.assertNotIn("$", query)
            self.until(query, lambda query=query: self.ask("query", query=query)["result"])
        for variable in dashboard["templating"]["list"][1:]:
            metric = re.match(r"label_values\((\w+), (\w+)\)", variable["query"]["query"])
            self.assertTrue(self.ask("query", query=metric[1])["result"][0]["metric"][metric[2]])

    def test_z_redis_that_goes_away_is_seen(self):
        self.assertEqual(self.value('drover_client_state{state="available"}'), 1)
        self.redis.kill()
        self.until("away", lambda: self.value('drover_client_state{state="away"}') == 1)
        self.assertEqual(self.value('sum(drover_client_state)'), 1)


if __name__ == "__main__":
    for name in ("prometheus", "promtool", "server", "page"):
        programs[name] = sys.argv.pop(1)
    unittest.main(verbosity=2)
