#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests `drover audit` in front of servers with TLS, of a cluster and of sentinels, with redis-py.

  servers_test.py DROVER REDIS_SERVER
"""

import contextlib
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

import applications
import private_cluster
from audit_run import PATIENCE_S, audit_run, main, programs
from behind_proxy import free_port, private_server

PASSWORD = "a-password-that-nobody-may-print"

# A conversation whose recording is the same each time.
CONVERSATION = """
import sys, urllib.parse, redis
url, ca = sys.argv[1], sys.argv[2]
more = {"ssl_ca_certs": ca} if url.startswith("rediss") else {}
r = redis.Redis.from_url(url, **more)
for turn in range(20):
    r.get(f"user:{turn}")
    r.set(f"lock:user:{turn}", "t", nx=True, px=1000)
    with r.pipeline() as batch:
        batch.set(f"user:{turn}", "v" * 1000, px=5000).delete(f"lock:user:{turn}").execute()
    r.mget([f"user:{other}" for other in range(turn)] + ["none"])
r.set("large", "x" * 300_000)
assert len(r.get("large")) == 300_000
"""

SENTINELS = """
import sys, redis.sentinel
address = sys.argv[1].rsplit(":", 1)
service = redis.sentinel.Sentinel([(address[0], int(address[1]))])
primary = service.master_for("main", redis_class=redis.Redis)
for turn in range(60):
    primary.set(f"user:{turn}", turn)
    assert primary.get(f"user:{turn}") == str(turn).encode()
print(service.discover_master("main"), service.discover_slaves("main"))
"""

CLUSTER = """
import sys, redis.cluster
address = sys.argv[1].rsplit(":", 1)
r = redis.cluster.RedisCluster(host=address[0], port=int(address[1]), protocol=int(sys.argv[2]))
for turn in range(60):
    r.set(f"user:{turn}", turn)
    assert r.get(f"user:{turn}") == str(turn).encode()
print(sorted(node.port for node in r.get_nodes()))
"""


def without_chance(recording):
    """The lines of a recording without times, hashes, and numbers that differ between runs."""
    lines = []
    for line in recording.read_text().splitlines():
        text = re.sub(r'"(at_us|sent_us|done_us|unix_ms|pid|batch)":\d+', r'"\1":0', line)
        text = re.sub(r'"hash":"[0-9a-f]+"', '"hash":""', text)
        text = re.sub(r'"process":"[^"]*"', '"process":""', text)
        fields = json.loads(text)
        if fields["record"] == "end":
            fields = {"record": "end"}
        lines.append(json.dumps(fields))
    return lines


class audit_servers(audit_run):
    def script(self, text, *words):
        file = self.folder / "conversation.py"
        file.write_text(text)
        return [applications.python_with("redis"), "-B", file, *words]

    def server(self):
        return private_server(tempfile.mkdtemp(prefix="server-", dir=self.folder))

    @contextlib.contextmanager
    def server_with_tls(self):
        """A server with TLS: an audit that terminates it. The value is its URL and authority."""
        with self.server() as url:
            audit = self.begin("--listen", "0.0.0.0:0", "--upstream", url, "--tls")
            lines = ""
            while "authority (CA) in" not in lines:
                line = audit.stderr.readline()
                self.assertTrue(line, lines)
                lines += line
            port = re.search(r"listening on 0.0.0.0:(\d+) with TLS", lines)[1]
            authority = re.search(r"\(CA\) in (\S+)", lines)[1]
            try:
                yield f"rediss://localhost:{port}", authority
            finally:
                audit.terminate()
                audit.communicate(timeout=PATIENCE_S)

    # TLS

    def test_a_conversation_has_the_same_recording_with_and_without_tls(self):
        with self.server() as url:
            code, out, err = self.audit("--upstream", url, "--record", "plain.jsonl", "--",
                                        *self.script(CONVERSATION, "{}", "none"))
            self.assertEqual(code, 3, out + err)
        with self.server() as url:
            code, out, err = self.audit("--upstream", url, "--record", "front.jsonl", "--tls",
                                        "--", *self.script(CONVERSATION, "{}", "{ca}"))
            self.assertEqual(code, 3, out + err)
        with self.server_with_tls() as (url, authority):
            # The folder of the other audit is among the temporary files.
            audit = self.begin("--upstream", url, "--upstream-ca", authority, "--record",
                               "both.jsonl", "--tls", "--",
                               *self.script(CONVERSATION, "{}", "{ca}"))
            out, err = audit.communicate(timeout=PATIENCE_S)
            self.assertEqual(audit.returncode, 3, out + err)
        plain = without_chance(self.folder / "plain.jsonl")
        self.assertGreater(len(plain), 100)
        self.assertEqual(without_chance(self.folder / "front.jsonl"), plain)
        self.assertEqual(without_chance(self.folder / "both.jsonl"), plain)

    def test_faults_are_injected_in_front_of_a_server_with_tls(self):
        with self.server_with_tls() as (url, authority):
            for command, expected in (("audit", 3), ("fault-proxy", 0)):
                with self.subTest(command):
                    self.inject_error(command, expected, url, authority)

    def inject_error(self, command, expected, url, authority):
        script = "import sys, redis\nr = redis.Redis.from_url(sys.argv[1])\n" \
            "try:\n  r.get('k')\nexcept redis.exceptions.ResponseError as e:\n  print(e)\n" \
            "r.set('k', 1)\n"
        self.command = command
        run = self.begin("--upstream", url, "--upstream-ca", authority, "--fault",
                         "error code=OOM command=get", "--", *self.script(script, "{}"))
        self.command = "audit"
        out, err = run.communicate(timeout=PATIENCE_S)
        self.assertEqual(run.returncode, expected, out + err)
        self.assertIn("command not allowed", out)

    def test_a_server_that_is_not_trusted_is_refused_with_the_option(self):
        with self.server_with_tls() as (url, authority):
            wrong_host = url.replace("localhost", "127.0.0.2")
            # The key is no certificate.
            key = authority.replace("ca.pem", "key.pem")
            for options, named in (
                    (["--upstream", url], "--upstream-ca"),
                    (["--upstream", wrong_host, "--upstream-ca", authority], "--upstream-name"),
                    (["--upstream", url, "--upstream-ca", key], "--upstream-ca"),
                    (["--upstream", url, "--upstream-ca", "/no/such/file"],
                     "--upstream-ca: /no/such/file"),
                    (["--upstream", url, "--upstream-ca", authority, "--upstream-cert", authority,
                      "--upstream-key", "/no/such/key"], "--upstream-key"),
                    (["--upstream", url.replace("rediss://", f"rediss://u:{PASSWORD}@"),
                      "--upstream-ca", authority], "refuses the user or password")):
                with self.subTest(options):
                    audit = self.begin(*options, "--", "touch", "started")
                    out, err = audit.communicate(timeout=PATIENCE_S)
                    self.assertEqual(audit.returncode, 2, out + err)
                    self.assertIn(named, err)
                    self.assertNotIn(PASSWORD, out + err)
                    self.assertFalse((self.folder / "started").exists())

    def test_contradicting_options_are_refused(self):
        with self.server() as url:
            for options, named in (
                    (["--tls-cert", "a"], "--tls-key"), (["--tls-key", "a"], "--tls-cert"),
                    (["--tls", "--tls-cert", "a", "--tls-key", "b"], "--tls "),
                    (["--tls-cert", "/no/cert", "--tls-key", "/no/key"], "--tls-cert /no/cert"),
                    (["--upstream-cert", "a"], "--upstream-key"),
                    (["--upstream-ca", "a"], "rediss://")):
                with self.subTest(options):
                    code, out, err = self.audit("--upstream", url, *options, "--", "true")
                    self.assertEqual(code, 2, out + err)
                    self.assertIn(named, err)

    # Clusters

    @contextlib.contextmanager
    def cluster(self):
        folder = self.folder / "cluster"
        folder.mkdir()
        with private_cluster.private_cluster(programs["server"], folder, free_port) as cluster:
            yield cluster

    def test_a_node_stands_for_its_cluster(self):
        with self.cluster() as cluster:
            ports = {client.port for client in cluster.clients}
            for upstream in (cluster.url, f"redis+cluster://127.0.0.1:1,{cluster.url[8:]}"):
                for protocol in "23":
                    with self.subTest((upstream, protocol)):
                        code, out, err = self.audit("--upstream", upstream, "--record", "r.jsonl",
                                                    "--", *self.script(CLUSTER, "{address}",
                                                                       protocol))
                        self.assertIn(code, (0, 3), out + err)
                        self.assertIn("(3 nodes)", err)
                        used = json.loads(out.splitlines()[0])
                        self.assertEqual(len(used), 3)
                        self.assertFalse(ports & set(used))
                        recording = (self.folder / "r.jsonl").read_text()
                        done = re.findall(r'"command":"SET".*"word":"OK"', recording)
                        self.assertEqual(len(done), 60)

    def test_what_needs_a_single_server_is_refused_for_a_cluster(self):
        with self.cluster() as cluster, socket.create_server(("127.0.0.1", 0)) as taken:
            for options, named in (
                    (["--active", "--allow", "x"], "--active"), (["--fault", "reset"], "--fault"),
                    (["--outages", "away"], "--outages"),
                    (["--listen", str(self.folder / "p.sock")], "--listen"),
                    (["--listen", f"127.0.0.1:{taken.getsockname()[1]}"], "in use")):
                with self.subTest(options):
                    code, out, err = self.audit("--upstream", cluster.url, *options, "--", "true")
                    self.assertEqual(code, 2, out + err)
                    self.assertIn(named, err)

    # Sentinels

    @contextlib.contextmanager
    def sentinel(self):
        folder = self.folder / "sentinel"
        folder.mkdir()
        with self.server() as url:
            port = free_port()
            config = folder / "sentinel.conf"
            config.write_text(f"port {port}\nbind 127.0.0.1\ndir {folder}\nlogfile log\n"
                              f"sentinel monitor main {url[8:].replace(':', ' ')} 1\n")
            process = subprocess.Popen([programs["server"], config, "--sentinel"])
            try:
                self.wait_until_it_answers(port)
                yield port, int(url.rsplit(":", 1)[1])
            finally:
                process.kill()
                process.wait()

    def wait_until_it_answers(self, port):
        end = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port)).close()
                return
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)

    def test_clients_of_sentinels_are_audited(self):
        with self.sentinel() as (port, primary):
            upstream = f"redis+sentinel://127.0.0.1:{port}/main"
            code, out, err = self.audit("--upstream", upstream, "--record", "r.jsonl", "--",
                                        *self.script(SENTINELS, "{address}"))
            self.assertIn(code, (0, 3), out + err)
            self.assertIn("1 sentinel and 1 server of 'main'", err)
            self.assertNotIn(str(primary), out)
            recording = (self.folder / "r.jsonl").read_text()
            self.assertEqual(recording.count('"command":"SET"'), 60)
            self.assertNotIn("SENTINEL", recording)
            code, out, err = self.audit("--upstream", upstream, "--", "sh", "-c",
                                        "echo {} $REDIS_URL")
            self.assertRegex(out, r"^redis\+sentinel://127.0.0.1:\d+/main redis\+sentinel://")

    def test_sentinels_that_cannot_be_used_are_named(self):
        with self.sentinel() as (port, _), socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            dead = nobody.getsockname()[1]
            for upstream, named in ((f"redis+sentinel://127.0.0.1:{dead}/main", str(dead)),
                                    (f"redis+sentinel://127.0.0.1:{port}/other", "'other'"),
                                    (f"redis+sentinel://127.0.0.1:{port}", "service")):
                with self.subTest(upstream):
                    code, out, err = self.audit("--upstream", upstream, "--", "true")
                    self.assertEqual(code, 2, out + err)
                    self.assertIn(named, err)


if __name__ == "__main__":
    sys.exit(main(audit_servers))
