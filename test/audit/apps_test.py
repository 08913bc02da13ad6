#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests applications: the findings in a recording must be those that the manifest expects.

  apps_test.py --drover PROGRAM NAME...               from their recordings
  apps_test.py --drover PROGRAM --live FOLDER NAME... run again; compiled programs are in FOLDER
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
    with behind_proxy.server_for(app, scratch) as url:
        done = behind_proxy.audited(app, arguments.drover, url, arguments.live, scratch,
                                    ["--format", "json"])
    return applications.parsed(done, app)


def complaints_about(app, arguments):
    if arguments.live:
        with tempfile.TemporaryDirectory(prefix="drover.") as scratch:
            try:
                audit, wrong = run_anew(app, arguments, scratch), []
            except behind_proxy.application_failed as failure:
                audit, wrong = None, [str(failure)]
    else:
        audit, wrong = replayed(app, arguments.drover)
    return wrong if audit is None else applications.complaints(app, audit)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drover", required=True)
    parser.add_argument("--live", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("names", nargs="+", metavar="NAME")
    arguments = parser.parse_args()
    apps = applications.all_applications(arguments.names)
    wrong = [f"{app.name}: {line}" for app in apps for line in complaints_about(app, arguments)]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
