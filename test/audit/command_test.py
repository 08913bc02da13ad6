#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the command `drover audit`: the environment of the audited command, exit codes, signals,
files, invalid usage, and clean-up.

  command_test.py DROVER REDIS_SERVER
"""

import gzip
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

from audit_run import APPLICATION, PATIENCE_S, SECRET, application, audit_run, main, programs
from audit_run import running_in


class audit_command(audit_run):
    # Verdicts and exit codes.

    def test_exits_with_the_code_of_the_verdict(self):
        for kind, code, begin in (("stampede", 1, "FAIL"), ("safe", 0, "PASS"),
                                  ("quiet", 3, "INCONCLUSIVE"), ("queue", 0, "NO CACHE")):
            with self.subTest(kind):
                got, out, err = self.audit("--redis", "auto", "--", *application(kind))
                self.assertEqual(got, code, out + err)
                self.assertTrue(out.startswith(begin), out)
        _, out, _ = self.audit("--redis", "auto", "--", *application("stampede"))
        self.assertIn("C101 stampede-cold-key", out)
        self.assertIn("GET user:", out)

    def test_exits_with_the_code_of_a_command_that_fails(self):
        self.assertEqual(self.audit("--redis", "auto", "--", "sh", "-c", "exit 7")[0], 7)
        self.assertEqual(self.audit("--redis", "auto", "--exit-code", "findings", "--", "sh", "-c",
                                    "exit 7")[0], 3)
        self.assertEqual(self.audit("--redis", "auto", "--", "sh", "-c", "kill -KILL $$")[0], 137)

    def test_fails_on_the_severity_and_rules_that_are_required(self):
        code, out, _ = self.audit("--redis", "auto", "--fail-on", "never", "--",
                                  *application("stampede"))
        self.assertEqual(code, 0, out)
        code, out, _ = self.audit("--redis", "auto", "--require", "C206", "--",
                                  *application("safe"))
        self.assertEqual(code, 3, out)
        self.assertIn("C206", out.splitlines()[1])

    # The workflow in examples/ci.

    def test_the_step_of_the_example_for_ci_writes_its_reports(self):
        examples = APPLICATION.parents[2] / "examples" / "ci"
        workflow = (examples / "github-audit.yml").read_text()
        step, = re.findall(r"drover audit ((?:.*\\\n)*.*)\n", workflow)
        page = (examples.parents[1] / "docs" / "how-to" / "audit-in-ci.md").read_text()
        self.assertIn(" ".join(step.split()), " ".join(page.split()), "the page shows the step")
        (self.folder / "source.py").write_text('key = f"user:{turn}"\n')
        for kind, code in (("safe", 0), ("stampede", 1)):
            command = subprocess.list2cmdline(application(kind))
            done = subprocess.run(["sh", "-c", f"exec {programs['drover']} audit {step}"],
                                  text=True, capture_output=True, timeout=PATIENCE_S,
                                  cwd=self.folder, stdin=subprocess.DEVNULL,
                                  env=self.environment | {"TEST_COMMAND": command})
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            report = json.loads((self.folder / "audit.sarif").read_text())
            levels = {result["level"] for result in report["runs"][0]["results"]}
            self.assertEqual(bool(levels & {"error", "warning"}), code == 1)
            for name in ("audit.json", "audit.html"):
                self.assertGreater((self.folder / name).stat().st_size, 0)
        uploaded = re.findall(r"(audit\.[a-z]+)$", workflow, re.MULTILINE)
        self.assertLessEqual({"audit.sarif", "audit.json", "audit.html"}, set(uploaded))

    # Faults between the application and the server.

    def test_what_an_injected_fault_explains_is_no_finding(self):
        fault = "reset command=set key=user:2 limit=1"
        code, out, err = self.audit("--redis", "auto", "--fault", fault, "--record", "run.jsonl",
                                    "--format", "text", "--format", "json", "--out", "audit.json",
                                    "--", *application("recover"))
        self.assertEqual(code, 0, out + err)
        self.assertIn("injecting faults between the two, seed 1", err)
        self.assertRegex(out, rf"Injected faults\n *1 time +{fault} +after ")
        report = json.loads((self.folder / "audit.json").read_text())
        self.assertEqual([line["injected"] for line in report["faults"]["script"]], [1])
        injected, = report["faults"]["injected"]
        self.assertEqual((injected["command"], injected["key"]), ("SET", "user:2"))
        self.assertRegex(injected["process"], "python")
        self.assertGreaterEqual(report["faults"]["not_judged"]["lock_holds"], 1)
        # The same traffic without the fault: the lock was left behind.
        lines = (self.folder / "run.jsonl").read_text().splitlines(keepends=True)
        rest = [line for line in lines if not line.startswith('{"record":"fault"')]
        self.assertEqual(len(rest), len(lines) - 1)
        (self.folder / "rest.jsonl").write_text("".join(rest))
        for name, found in (("run", False), ("rest", True)):
            _, out, err = self.audit("--replay", f"{name}.jsonl")
            self.assertEqual("C210 lock-abandoned" in out.split("Coverage")[0], found, out + err)

    def test_faults_do_not_excuse_what_they_do_not_explain(self):
        (self.folder / "faults.txt").write_text("# slow\ndelay time=2ms command=get\n")
        code, out, err = self.audit("--redis", "auto", "--fault-script", "faults.txt",
                                    "--fault-seed", "7", "--format", "html", "--out", "a.html",
                                    "--format", "text", "--", *application("stampede"))
        self.assertEqual(code, 1, out + err)
        self.assertIn("C101 stampede-cold-key", out)
        self.assertIn("delay time=2ms command=get", out)
        self.assertIn("Injected faults", (self.folder / "a.html").read_text())

    def test_the_application_sees_the_faults(self):
        script = 'redis-cli -h {host} -p {port} GET k; redis-cli -h {host} -p {port} PING'
        code, out, err = self.audit("--redis", "auto", "--fault", "error code=OOM command=get",
                                    "--", "sh", "-c", script)
        self.assertEqual(code, 3, out + err)
        self.assertIn("OOM command not allowed", out)
        self.assertIn("PONG", out)

    def test_refuses_invalid_faults_before_it_starts_anything(self):
        (self.folder / "broken.txt").write_text("drop\n\n  dorp\n")
        for options, named in (
                (["--fault", "dorp"], "--fault 'dorp': column 1: 'dorp' is no kind of fault"),
                (["--fault-script", "broken.txt"], "--fault-script broken.txt: line 3, column 3"),
                (["--fault-script", "missing.txt"], "missing.txt"),
                (["--fault-seed", "1"], "--fault-seed requires")):
            with self.subTest(options):
                code, out, err = self.audit("--redis", "auto", *options, "--", "touch", "started")
                self.assertEqual(code, 2, out + err)
                self.assertIn(named, err)
                self.assertFalse((self.folder / "started").exists())
        code, out, _ = self.audit("--list-faults")
        self.assertEqual(code, 0)
        self.assertIn("half-open", out)

    # The environment of the audited command.

    def test_a_command_finds_the_proxy_in_its_variables_and_arguments(self):
        script = 'echo "$REDIS_URL|$REDIS_HOST:$REDIS_PORT|$CACHE_URL|$MINE|$1|$2|$3"'
        code, out, err = self.audit(
            "--redis", "auto", "--set-env", "MINE=at {address}/1", "--", "sh", "-c",
            script, "sh", "{}", "{host}", "{port}", CACHE_URL="redis://user:word@other:7000/3",
            REDIS_URL="redis://elsewhere:6379/2")
        self.assertEqual(code, 3, err)
        address = err.split("listening on ")[1].split()[0]
        host, port = address.rsplit(":", 1)
        url, apart, cache, mine, first, second, third = out.splitlines()[0].split("|")
        self.assertEqual(url, f"redis://{address}/2")
        self.assertEqual(apart, address)
        self.assertEqual(cache, f"redis://{address}/3")  # a private server has no passwords
        self.assertEqual(mine, f"at {address}/1")
        self.assertEqual([first, second, third], [f"redis://{address}", host, port])

    # Signals.

    def test_a_signal_reaches_the_command_and_the_report_still_comes(self):
        script = 'trap "exit 5" TERM; touch ready; while :; do sleep 0.02; done'
        process = self.begin("--redis", "auto", "--", "sh", "-c", script)
        self.wait_for(self.folder / "ready")
        process.send_signal(signal.SIGTERM)
        code, out, err = self.end(process)
        self.assertEqual(code, 5, out + err)
        self.assertIn("INCONCLUSIVE", out)

    def test_without_a_command_it_audits_all_clients_until_a_signal(self):
        process = self.begin("--redis", "auto", "--listen", "127.0.0.1:0", "--format", "json",
                             "--out", "audit.json")
        address = ""
        for line in process.stderr:
            if "listening on " in line:
                address = line.split("listening on ")[1].split()[0]
                break
        subprocess.run(application("stampede"), check=True, timeout=PATIENCE_S,
                       env=self.environment | {"REDIS_URL": f"redis://{address}"})
        process.send_signal(signal.SIGINT)
        code, out, err = self.end(process)
        self.assertEqual(code, 1, out + err)
        self.assertEqual(json.loads((self.folder / "audit.json").read_text())["verdict"], "fail")

    # Files.

    def test_writes_each_format_to_its_file(self):
        formats = ("json", "junit", "sarif", "html", "text")
        options = [part for name in formats for part in ("--format", name, "--out", f"a.{name}")]
        (self.folder / "src").mkdir()
        shutil.copy(APPLICATION, self.folder / "src")
        code, out, err = self.audit("--redis", "auto", *options, "--locate", "src", "--",
                                    *application("stampede"))
        self.assertEqual(code, 1, err)
        self.assertEqual(out, "")
        self.assertIn("\nFAIL  1 error\n", err)
        self.assertIn("\nreport: a.html\n", err)
        text = {name: (self.folder / f"a.{name}").read_text() for name in formats}
        report = json.loads(text["json"])
        self.assertEqual(report["verdict"], "fail")
        self.assertEqual(report["findings"][0]["rule"], "C101")
        self.assertEqual(report["findings"][0]["pattern"], "user:*")
        self.assertEqual(report["run"]["loads"], 20)
        self.assertEqual(len(xml.fromstring(text["junit"]).findall(".//failure")), 1)
        result = json.loads(text["sarif"])["runs"][0]["results"][0]
        place = result["locations"][0]["physicalLocation"]
        self.assertEqual(place["artifactLocation"]["uri"], "src/command_app.py")
        line = APPLICATION.read_text().splitlines()[place["region"]["startLine"] - 1]
        self.assertIn('f"user:{turn}"', line)
        self.assertIn("C101 stampede-cold-key", text["html"])
        self.assertTrue(text["text"].startswith("FAIL"))

    def test_a_replayed_recording_has_the_same_result_and_no_values(self):
        code, out, err = self.audit("--redis", "auto", "--record", "run.jsonl", "--format", "json",
                                    "--", *application("stampede"))
        self.assertEqual(code, 1, err)
        recording = self.folder / "run.jsonl"
        self.assertEqual(recording.stat().st_mode & 0o777, 0o600)
        self.assertNotIn(SECRET, recording.read_text())
        self.assertNotIn(SECRET, out)
        code, again, err = self.audit("--replay", "run.jsonl", "--format", "json")
        self.assertEqual(code, 1, err)
        first, second = json.loads(out), json.loads(again)
        for part in ("verdict", "coverage", "roles"):
            self.assertEqual(first[part], second[part])
        self.assertEqual([finding["message"] for finding in first["findings"]],
                         [finding["message"] for finding in second["findings"]])

    def test_a_baseline_accepts_findings_that_have_a_reason(self):
        run = ["--redis", "auto"]
        code, _, err = self.audit(*run, "--write-baseline", "known.json", "--",
                                  *application("stampede"))
        self.assertEqual(code, 1, err)
        code, _, err = self.audit(*run, "--baseline", "known.json", "--", *application("stampede"))
        self.assertEqual(code, 2)
        self.assertIn('"reason" is empty', err)
        known = self.folder / "known.json"
        known.write_text(known.read_text().replace('"reason": ""', '"reason": "till we move"'))
        code, out, err = self.audit(*run, "--baseline", "known.json", "--",
                                    *application("stampede"))
        self.assertEqual(code, 0, out + err)
        self.assertIn("accepted: till we move", out)

    # Documentation.

    def test_the_documentation_names_only_options_that_exist(self):
        code, known, _ = self.audit("--help")
        self.assertEqual(code, 0)
        top = pathlib.Path(__file__).parents[2]
        options = set()
        for page in ("README.md", "docs/guide/audit-your-application.md",
                     "docs/reference/audit-baseline.md", "docs/reference/audit-json.md"):
            text = (top / page).read_text()
            for line in re.findall(r"drover audit[^`\n]*|^--.*|`--[^`\n]*`", text, re.MULTILINE):
                own = re.split(r" -- | #", line)[0]
                options |= set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", own))
        self.assertGreater(len(options), 15, "the pages show the tool's options")
        for option in sorted(options - self.others_options()):
            self.assertIn(option, known)

    @staticmethod
    def others_options():
        """Options of other commands that appear on these pages."""
        return {"--strategy", "--strategy-command", "--load-ms", "--scenario", "--list",
                "--cflags", "--libs", "--cache"}

    # Invalid usage is reported before anything is started.

    def test_refuses_invalid_usage_before_it_starts_anything(self):
        mark = ["--", "touch", "started"]
        with socket.create_server(("127.0.0.1", 0)) as other, socket.socket() as nobody:
            port = other.getsockname()[1]
            nobody.bind(("127.0.0.1", 0))  # without listen(): connections are refused
            dead = nobody.getsockname()[1]
            cases = [
                (["--nonsense", *mark], "--nonsense"),
                (["--redis", "auto", "--listen", f"127.0.0.1:{port}", *mark], str(port)),
                (["--upstream", f"127.0.0.1:{dead}", *mark], str(dead)),
                (["--redis", "auto", "--format", "pdf", *mark], "pdf"),
                (["--redis", "auto", "--out", "no/such/folder/a.txt", *mark], "no/such/folder"),
                (["--redis", "auto", "--baseline", "missing.json", *mark], "missing.json"),
                (["--redis", "auto", "--record", "no/such/folder/r.jsonl", *mark],
                 "no/such/folder"),
                (["--replay", "missing.jsonl"], "missing.jsonl"),
                (["--redis", "auto", "--fail-on", "sometimes", *mark], "sometimes"),
                (["--redis", "auto", "--", "no-such-program-here"], "no-such-program-here"),
                (["--redis", "auto", "--format", "sarif", "--out", "a", "--locate", "no/such",
                  *mark], "--locate no/such"),
                (["--redis", "auto", "--locate", ".", *mark], "--format sarif"),
                (["--redis", "auto", "--redis-server", "/bin/true", *mark], "/bin/true"),
                (["--redis", "auto", "--origin-log", "x", "--origin-regex", "(", *mark],
                 "--origin-log"),
                (["--redis", "auto", "--origin-redis", f"127.0.0.1:{dead}", "n", *mark],
                 "--origin-redis"),
                (["--redis", "auto", "--origin-cmd", "false", *mark], "--origin-cmd"),
                (["--redis", "auto", "--origin-tcp", f"127.0.0.1:0=127.0.0.1:{dead}", *mark],
                 "--origin-tcp"),
            ]
            older = self.folder / "older.jsonl"
            for options, named in cases:
                with self.subTest(options):
                    older.write_text("kept\n")
                    record = [] if {"--record", "--replay"} & set(options) else ["--record", older]
                    code, out, err = self.audit(*record, *options)
                    self.assertEqual(code, 2, out + err)
                    self.assertIn(named, err)
                    self.assertEqual(out, "")
                    self.assertFalse((self.folder / "started").exists())
                    self.assertEqual(older.read_text(), "kept\n", "an older recording is lost")

    # Errors during a run do not lose the traffic so far.

    def test_init_ai_refuses_a_missing_folder(self):
        done = subprocess.run([programs["drover"], "init", "ai", "no/such"], capture_output=True,
                              text=True, check=False, cwd=self.folder, timeout=PATIENCE_S)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("no/such", done.stderr)

    def test_a_full_disk_ends_the_recording_and_not_the_application(self):
        (self.folder / "full.gz").symlink_to("/dev/full")
        for file in ("/dev/full", "full.gz"):
            code, out, err = self.audit("--redis", "auto", "--record", file, "--",
                                        *application("stampede"))
            self.assertEqual(code, 2, "the recording is incomplete" + out + err)
            self.assertIn(f"'{file}' ends here: No space left", err)
            self.assertTrue(out.startswith("FAIL"), out)

    def test_a_report_that_cannot_be_written_does_not_prevent_the_others(self):
        (self.folder / "full").symlink_to("/dev/full")
        code, out, err = self.audit("--redis", "auto", "--format", "json", "--out", "full",
                                    "--format", "html", "--out", "a.html", "--format", "text",
                                    "--", *application("stampede"))
        self.assertEqual(code, 2, out + err)
        self.assertIn("--out full", err)
        self.assertTrue(out.startswith("FAIL"), out)
        self.assertIn("C101", (self.folder / "a.html").read_text())
        self.assertTrue((self.folder / "full").is_symlink())
        self.assertTrue(pathlib.Path("/dev/full").is_char_device())

    def test_the_end_of_a_private_server_does_not_lose_the_traffic_so_far(self):
        process = self.begin("--redis", "auto", "--format", "json", "--out", "audit.json", "--",
                             "sh", "-c", '"$@" && touch ready && sleep 600', "sh",
                             *application("stampede"))
        self.wait_for(self.folder / "ready")
        for pid in running_in(self.folder / "tmp"):
            os.kill(int(pid), signal.SIGKILL)
        code, out, err = self.end(process)
        self.assertEqual(code, 2, out + err)
        self.assertIn("redis-server ended by signal 9", err)
        report = json.loads((self.folder / "audit.json").read_text())
        self.assertEqual(report["findings"][0]["rule"], "C101")

    def test_descendants_of_a_command_end_with_it_when_its_time_is_over(self):
        script = '(touch ready; exec sleep 601) & echo $! >pid; wait'
        process = self.begin("--redis", "auto", "--for", "2s", "--", "sh", "-c",
                             script)
        self.wait_for(self.folder / "ready")
        code, out, err = self.end(process)
        self.assertEqual(code, 3, out + err)
        started = pathlib.Path("/proc", (self.folder / "pid").read_text().strip())
        end = time.monotonic() + PATIENCE_S
        while started.exists() and b"sleep" in (started / "cmdline").read_bytes():
            self.assertLess(time.monotonic(), end, "it still sleeps")
            time.sleep(0.01)

    def test_a_truncated_compressed_recording_is_replayed_to_its_end(self):
        code, _, err = self.audit("--redis", "auto", "--record", "run.jsonl.gz", "--",
                                  *application("stampede"))
        self.assertEqual(code, 1, err)
        recording = self.folder / "run.jsonl.gz"
        lines = gzip.decompress(recording.read_bytes()).splitlines()
        self.assertEqual(json.loads(lines[-1])["record"], "end")
        code, out, err = self.audit("--replay", "run.jsonl.gz")
        self.assertEqual((code, err), (1, ""), out)
        recording.write_bytes(recording.read_bytes()[:-400])
        code, out, err = self.audit("--replay", "run.jsonl.gz")
        self.assertEqual(code, 1, out + err)
        self.assertIn("ends after line", err)


if __name__ == "__main__":
    sys.exit(main(audit_command))
