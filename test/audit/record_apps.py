#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs applications under `drover audit --record` and keeps the recordings.

  record_apps.py --drover PROGRAM --build FOLDER [NAME ...]
  record_apps.py --needs [NAME ...]    print the Debian packages that the applications need

Without names: all applications whose sources have changed since their recording.
--all: all applications.
A name is <language>/<stem>, a stem, or a pattern such as 'php/*'. `./run record-apps` calls this
script.
"""

import argparse
import concurrent.futures
import gzip
import pathlib
import sys
import tempfile
import threading

import applications
import behind_proxy
import stall_watch

one_at_a_time = threading.Lock()
STALL_MAX_S = 0.1
RUNS_MAX = 4
PACKAGES = {
    "cpp": ["libhiredis-dev"],
    "go": ["golang-go", "golang-github-gomodule-redigo-dev", "golang-golang-x-sync-dev"],
    "node": [],
    "npm": [],
    "php": ["php-cli", "php-redis"],
    "python": ["python3", "python3-redis"],
    "ruby": ["ruby", "ruby-redis"],
}


def selected_applications(arguments):
    apps = applications.all_applications(arguments.names)
    if arguments.names or arguments.all:
        return apps
    recorded = applications.recorded_digests()
    return [app for app in apps
            if recorded.get(app.name) != app.digest() or not app.recording.exists()]


def run_once(app, arguments, scratch):
    """Returns the recording, the report of the audit, and the longest stall of the machine during
    the run."""
    plain = pathlib.Path(scratch) / "recording.jsonl"
    plain.unlink(missing_ok=True)
    with behind_proxy.server_for(app, scratch) as url, stall_watch.stall_watch() as watch:
        done = behind_proxy.audited(app, arguments.drover, url, arguments.build, scratch,
                                    ["--record", str(plain), "--format", "json"])
    return plain.read_bytes(), applications.parsed(done, app), watch.longest_s


def record(app, arguments, scratch):
    """Records an application and returns the report of the audit. Repeats the run while the machine
    is too busy, and keeps the run with the shortest stall. Keeps no run in which the application
    failed or did nothing."""
    runs = []
    while not runs or (runs[-1][2] > STALL_MAX_S and len(runs) < RUNS_MAX):
        runs.append(run_once(app, arguments, scratch))
    recording, audit, stall = min(runs, key=lambda run: run[2])
    if audit["run"]["commands"] < applications.COMMANDS_MIN:
        raise behind_proxy.application_failed(
            f"it sent only {audit['run']['commands']} commands")
    if stall > STALL_MAX_S:
        print(f"{app.name}: the machine stalled for {stall:.2f} s in the calmest of "
              f"{len(runs)} runs")
    app.recording.parent.mkdir(parents=True, exist_ok=True)
    app.recording.write_bytes(gzip.compress(recording, mtime=0))
    return audit


def record_and_tell(app, arguments):
    """Records an application and prints the result. Returns whether the audit matches the
    manifest."""
    with tempfile.TemporaryDirectory(prefix="drover.") as scratch:
        try:
            wrong = applications.complaints(app, record(app, arguments, scratch))
        except behind_proxy.application_failed as failure:
            print(f"{app.name}: not recorded, because {failure}", flush=True)
            return False
    with one_at_a_time:
        digests = applications.recorded_digests()
        digests[app.name] = app.digest()
        applications.write_digests(digests)
        size = app.recording.stat().st_size
        print(f"{app.name}: {size / 1024:.0f} KiB, "
              + ("as expected" if not wrong else "not as expected:"), *wrong,
              sep="\n    ", flush=True)
    return not wrong


def forget_others(apps):
    """Removes recordings of applications that no longer exist."""
    names = {app.name for app in apps}
    applications.write_digests({name: digest for name, digest
                                in applications.recorded_digests().items() if name in names})
    for path in applications.RECORDINGS.glob("*/*.jsonl.gz"):
        if f"{path.parent.name}/{path.name.split('.')[0]}" not in names:
            path.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drover")
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=1, help="parallel jobs (default: 1)")
    parser.add_argument("--needs", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    apps = selected_applications(arguments)
    if arguments.needs:
        print(*sorted({package for app in apps for package in PACKAGES[app.language] + app.needs}))
        return 0
    if not apps:
        print("all recordings are up to date")
        return 0
    behind_proxy.prepare(apps, arguments.build)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        good = list(pool.map(lambda app: record_and_tell(app, arguments), apps))
    forget_others(applications.all_applications())
    print(f"{len(apps)} recorded, {good.count(False)} not as expected")
    return 1 if False in good else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
