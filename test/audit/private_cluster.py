# SPDX-License-Identifier: MIT
"""A Redis cluster of three primaries whose slots move while an application uses it."""

import contextlib
import socket
import subprocess
import threading
import time

NODES = 3
SLOTS = 16384
PATIENCE_S = 60
MOVE_EVERY_S = 0.3


class node_client:
    """A connection to one node that needs no package."""

    def __init__(self, port):
        self.port = port
        self.stream = socket.create_connection(("127.0.0.1", port), PATIENCE_S).makefile("rwb")

    def ask(self, *words):
        parts = [str(word).encode() for word in words]
        self.stream.write(b"*%d\r\n" % len(parts))
        for part in parts:
            self.stream.write(b"$%d\r\n%s\r\n" % (len(part), part))
        self.stream.flush()
        return self.read()

    def read(self):
        line = self.stream.readline()
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"-":
            raise RuntimeError(rest)
        if kind == b"*":
            return [self.read() for _ in range(int(rest))]
        if kind == b"$" and rest != "-1":
            return self.stream.read(int(rest) + 2)[:-2].decode()
        if not line:
            raise ConnectionError(f"node {self.port} ended the connection")
        return rest


class private_cluster:
    """Starts the servers in folders below `scratch`. `free_port` returns ports to try."""

    def __init__(self, program, scratch, free_port):
        self.servers = []
        self.clients = []
        self.moves = 0
        self.stopping = threading.Event()
        self.mover = threading.Thread(target=self.move_slots)
        try:
            while len(self.servers) < NODES:
                self.start(program, scratch, free_port())
            self.form()
        except BaseException:
            self.kill()
            raise

    def start(self, program, scratch, port):
        if port > 55000:  # the port of the cluster's bus is 10000 higher
            return
        folder = scratch / f"node-{port}"
        folder.mkdir(exist_ok=True)
        server = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly",
             "no", "--dir", str(folder), "--logfile", str(folder / "log"), "--cluster-enabled",
             "yes", "--cluster-node-timeout", "30000"])
        end = time.monotonic() + PATIENCE_S
        while server.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError):
                self.clients.append(node_client(port))
                self.servers.append(server)
                return
            time.sleep(0.02)
        server.kill()
        server.wait()

    def form(self):
        bounds = [SLOTS * number // NODES for number in range(NODES + 1)]
        for number, client in enumerate(self.clients):
            client.ask("CLUSTER", "ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1)
            if number > 0:
                self.clients[0].ask("CLUSTER", "MEET", "127.0.0.1", client.port)
        end = time.monotonic() + PATIENCE_S
        while not all(self.is_formed(client) for client in self.clients):
            if time.monotonic() > end:
                raise SystemExit("the nodes do not form a cluster")
            time.sleep(0.05)

    @staticmethod
    def is_formed(client):
        return ("cluster_state:ok" in client.ask("CLUSTER", "INFO")
                and len(client.ask("CLUSTER", "SLOTS")) == NODES)

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.clients[0].port}"

    def move_slots(self):
        """Moves the slot of one key after the other to the next node, with the keys in it."""
        turn = 0
        while not self.stopping.wait(MOVE_EVERY_S):
            keys = sorted((key, number) for number, client in enumerate(self.clients)
                          for key in client.ask("KEYS", "*"))
            if keys:
                turn += 1
                key, number = keys[turn % len(keys)]
                self.move(self.clients[0].ask("CLUSTER", "KEYSLOT", key), number,
                          (number + 1) % NODES)

    def move(self, slot, source_number, target_number):
        source, target = self.clients[source_number], self.clients[target_number]
        source_id, target_id = (client.ask("CLUSTER", "MYID") for client in (source, target))
        target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source_id)
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target_id)
        # What an application stores meanwhile goes to the target.
        while keys := source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        for client in (target, source, *self.clients):
            client.ask("CLUSTER", "SETSLOT", slot, "NODE", target_id)
        self.moves += 1

    def kill(self):
        for server in self.servers:
            server.kill()
            server.wait()

    def __enter__(self):
        self.mover.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.mover.join()
        self.kill()
