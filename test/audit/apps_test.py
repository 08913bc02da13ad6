#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests one application: the findings in its recording must be those that its manifest expects.

  apps_test.py --drover PROGRAM NAME                  from its recording
  apps_test.py --drover PROGRAM --live FOLDER NAME    run again; compiled programs are in FOLDER
"""

import argparse
import pathlib
import sys
import tempfile

import applications
import behind_proxy


def replayed(app, drover):
    if not app.recording.exists():
        return None, [f"no recording; create one with ./run record-apps {app.name}"]
    if applications.recorded_digests().get(app.name) != app.digest():
        return None, ["the recording is older than the application's sources: "
                      f"./run record-apps {app.name}"]
    return applications.replay(drover, app), []


def run_anew(app, arguments, scratch):
    with behind_proxy.private_server(scratch) as url:
        done = behind_proxy.audited(app, arguments.drover, url, arguments.live, scratch,
                                    ["--format", "json"])
    return applications.parsed(done, app)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drover", required=True)
    parser.add_argument("--live", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("name")
    arguments = parser.parse_args()
    (app,) = applications.all_applications([arguments.name])
    if arguments.live:
        with tempfile.TemporaryDirectory(prefix="drover.") as scratch:
            audit, wrong = run_anew(app, arguments, scratch), []
    else:
        audit, wrong = replayed(app, arguments.drover)
    if audit is not None:
        wrong = applications.complaints(app, audit)
    for line in wrong:
        print(f"{app.name}: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
