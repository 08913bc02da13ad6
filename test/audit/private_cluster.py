# SPDX-License-Identifier: MIT
"""A Redis cluster of three primaries whose slots move while an application uses it."""

import contextlib
import subprocess
import threading
import time

import redis

NODES = 3
SLOTS = 16384
PATIENCE_S = 60
MOVE_EVERY_S = 0.3


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
        client = redis.Redis(port=port, decode_responses=True)
        end = time.monotonic() + PATIENCE_S
        while server.poll() is None and time.monotonic() < end:
            with contextlib.suppress(redis.exceptions.ConnectionError):
                client.ping()
                self.servers.append(server)
                self.clients.append(client)
                return
            time.sleep(0.02)
        server.kill()
        server.wait()

    def form(self):
        bounds = [SLOTS * number // NODES for number in range(NODES + 1)]
        for number, client in enumerate(self.clients):
            client.execute_command("CLUSTER ADDSLOTSRANGE", bounds[number], bounds[number + 1] - 1)
            if number > 0:
                self.clients[0].execute_command("CLUSTER MEET", "127.0.0.1", self.port_of(client))
        end = time.monotonic() + PATIENCE_S
        while not all(self.is_formed(client) for client in self.clients):
            if time.monotonic() > end:
                raise SystemExit("the nodes do not form a cluster")
            time.sleep(0.05)

    @staticmethod
    def is_formed(client):
        state = client.execute_command("CLUSTER INFO")
        return "cluster_state:ok" in str(state) or state.get("cluster_state") == "ok"

    @staticmethod
    def port_of(client):
        return client.connection_pool.connection_kwargs["port"]

    @property
    def url(self):
        return f"redis://127.0.0.1:{self.port_of(self.clients[0])}"

    def move_slots(self):
        """Moves the slot of one key after the other to the next node, with the keys in it."""
        turn = 0
        while not self.stopping.wait(MOVE_EVERY_S):
            keys = sorted((key, number) for number, client in enumerate(self.clients)
                          for key in client.keys("*"))
            if keys:
                turn += 1
                key, number = keys[turn % len(keys)]
                self.move(self.clients[0].execute_command("CLUSTER KEYSLOT", key), number,
                          (number + 1) % NODES)

    def move(self, slot, source_number, target_number):
        source, target = self.clients[source_number], self.clients[target_number]
        source_id, target_id = (client.execute_command("CLUSTER MYID")
                                for client in (source, target))
        target.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", source_id)
        source.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", target_id)
        # What an application stores meanwhile goes to the target.
        while keys := source.execute_command("CLUSTER GETKEYSINSLOT", slot, 100):
            source.execute_command("MIGRATE", "127.0.0.1", self.port_of(target), "", 0, 5000,
                                   "KEYS", *keys)
        for client in (target, source, *self.clients):
            client.execute_command("CLUSTER SETSLOT", slot, "NODE", target_id)
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
