# SPDX-License-Identifier: MIT
"""Runs `drover audit` with an application, for the tests of the command."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

from command_run import PATIENCE_S, command_run, main, programs, running_in

APPLICATION = pathlib.Path(__file__).with_name("command_app.py")
SECRET = "a-value-that-nobody-may-keep"  # as in command_app.py


def application(kind):
    return [sys.executable, "-B", str(APPLICATION), kind]


class audit_run(command_run):
    command = "audit"

    def audit(self, *options, **more):
        return self.run_command(*options, **more)
