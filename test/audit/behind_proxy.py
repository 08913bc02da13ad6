# SPDX-License-Identifier: MIT
"""Runs an application under `drover audit -- COMMAND` with a private Redis server."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import time

import applications
import private_cluster

PATIENCE_S = 60
# Runs a command and leaves its exit code in a file: that of the audit may be the verdict's.
WITH_EXIT_CODE = 'code_file=$1; shift; "$@"; code=$?; echo $code >"$code_file"; exit $code'
NODE_PACKAGES = {"node": "node/npm", "npm": "npm/packages"}  # the folders of their lock files


def server_program(scratch):
    """The path of the server: from DROVER_REDIS_SERVER, or of an installed one. The package
    redis-tools contains the server under another name."""
    program_path = os.environ.get("DROVER_REDIS_SERVER") or shutil.which("redis-server")
    other_name = shutil.which("redis-check-rdb")
    if not program_path and not other_name:
        program_path = shutil.which("valkey-server")
    if program_path:
        return program_path
    if not other_name:
        raise SystemExit("redis-server was not found; install it or set DROVER_REDIS_SERVER to "
                         "its path")
    program = pathlib.Path(scratch) / "redis-server"
    if not program.exists():
        program.symlink_to(other_name)
    return str(program)


def server_for(app, scratch):
    """The server or cluster that the application needs. The value of the context is its URL."""
    return cluster_of_servers(scratch) if app.needs_cluster else private_server(scratch)


@contextlib.contextmanager
def cluster_of_servers(scratch):
    """Runs a cluster whose slots move. The value of the context is the URL of one node."""
    with private_cluster.private_cluster(server_program(scratch), pathlib.Path(scratch),
                                         free_port) as cluster:
        yield cluster.url


@contextlib.contextmanager
def private_server(scratch):
    """Runs a Redis server on a free port of the loopback interface, without persistence. The
    value of the context is its URL."""
    program = server_program(scratch)
    for _ in range(20):
        port = free_port()
        log = pathlib.Path(scratch) / "server.log"
        with open(log, "wb") as out:
            server = subprocess.Popen(
                [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                 "--appendonly", "no", "--dir", str(scratch)], stdout=out, stderr=out)
        if answers(server, port):
            break
    else:
        raise SystemExit(f"{program} does not start:\n{log.read_text()}")
    try:
        yield f"redis://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(server, port):
    """Whether this server answers on the port. If another process has taken the port, the server
    ends or is killed."""
    end = time.monotonic() + PATIENCE_S
    while server.poll() is None and time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as probe:
                probe.sendall(b"INFO server\r\n")
                if f"process_id:{server.pid}\r".encode() in probe.recv(65536):
                    return True
        except OSError:
            pass
        time.sleep(0.02)
    server.kill()
    server.wait()
    return False


def command_of(app, build):
    """The command that starts the application."""
    stem = app.source.stem
    if app.language == "python":
        return [applications.python_with("redis"), "-B", str(app.source)]
    if app.language in NODE_PACKAGES:
        return ["node", str(in_tree(app.source, build / app.language))]
    if app.language == "go":
        return [str(build / "go" / stem)]
    if app.language == "cpp":
        return [str(build / "cpp" / stem)]
    return [app.language, str(app.source)]


class application_failed(Exception):
    """The application ended with an error, so that its traffic shows nothing."""


def audited(app, drover, server_url, build, scratch, more):
    """Runs the application under `drover audit`. `more` holds additional options. Raises
    application_failed if the application does not exit with code 0."""
    code_file = pathlib.Path(scratch) / "exit_code"
    code_file.write_text("none")
    origin_log = pathlib.Path(scratch) / "origin.log"
    origin_log.write_bytes(b"")
    port = str(free_port())  # for an application that serves callers
    options = [option.replace("{origin_log}", str(origin_log)).replace("{port}", port)
               for option in app.audit]
    environment = dict(os.environ, REDIS_URL=server_url, ORIGIN_LOG=str(origin_log), PORT=port)
    done = subprocess.run(
        [drover, "audit", *options, *more, "--", "sh", "-c", WITH_EXIT_CODE, "sh", str(code_file),
         *command_of(app, build)],
        env=environment, capture_output=True, check=False)
    code = code_file.read_text().strip()
    if code != "0":
        raise application_failed(f"the application ended with exit code {code}:\n"
                                 + done.stderr.decode(errors="replace")[-2000:])
    return done


def prepare(apps, build):
    """Installs the packages of the Node applications, and compiles the Go applications."""
    languages = {app.language for app in apps}
    for language in languages & NODE_PACKAGES.keys():
        install_node_modules(build / language, applications.APPS / NODE_PACKAGES[language])
        for source in [*applications.APPS.glob("n*/*.mjs"),
                       *applications.ROOT.glob("tools/prompts/kit/*.mjs")]:
            copy = in_tree(source, build / language)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
    for app in apps:
        if app.language == "go":
            compile_go(app, build)


def in_tree(source, folder):
    """The path of the copy of `source`: the same relative path under `folder`, which has the
    packages for Node in its root."""
    return folder / source.relative_to(applications.ROOT)


def install_node_modules(folder, npm):
    """Installs the packages of the lock file in `npm`, unless that is done. Does not run their
    scripts."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = (npm / "package-lock.json").read_bytes()
    done = folder / "installed-package-lock.json"
    if done.exists() and done.read_bytes() == lock:
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(npm / name, folder)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder,
                   check=True)
    done.write_bytes(lock)


def compile_go(app, build):
    """Compiles with Debian's packages in GOPATH mode, so that nothing is downloaded."""
    environment = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode",
                       GOCACHE=str(build / "go-cache"), GOFLAGS="")
    (build / "go").mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "build", "-o", str(build / "go" / app.source.stem), app.source.name,
                    "traffic.go"], cwd=app.source.parent, env=environment, check=True)
