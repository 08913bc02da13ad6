# SPDX-License-Identifier: MIT
"""A private copy of the sources with a build folder, in which mutants are built and run."""

import dataclasses
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time

from mutants_catalogue import mutated

PRESET = "dev"


@dataclasses.dataclass
class run:
    """The outcome of a command: how it ended, how long it took, and what it printed."""

    outcome: str  # passes, fails, crashes or hangs
    seconds: float
    output: str


def without_core_dumps():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_group(leader):
    """Ends what a command has left behind. It is the leader of a process group of its own."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


def run_command(command, hang_s, environment=None):
    """Runs a command, for `hang_s` seconds at most."""
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                   env=environment, start_new_session=True,
                                   preexec_fn=without_core_dumps)
        try:
            status = started.wait(hang_s)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            end_group(started.pid)
            started.wait()
        seconds = time.monotonic() - begun
        output.seek(0)
        text = output.read()
    if status is None:
        return run("hangs", seconds, text)
    if status < 0:
        return run("crashes", seconds, text)
    return run("fails" if status else "passes", seconds, text)


def list_sources(root):
    """The files of the tree that are not ignored, also those that are not committed yet."""
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                            check=True, capture_output=True, text=True).stdout
    return {name for name in listed.split("\0") if name and (root / name).is_file()}


class tree:
    """A copy of the sources. Only changed files are written, so that little is built again."""

    def __init__(self, root, folder, jobs, with_tools=False):
        self.root, self.folder, self.jobs, self.with_tools = root, folder, jobs, with_tools
        self.build_folder = folder / "build" / PRESET
        self.changed = None  # the file that contains a fault

    def update(self):
        """Makes the copy equal to the sources."""
        sources = list_sources(self.root)
        for path in sorted(self.folder.rglob("*")) if self.folder.exists() else []:
            name = path.relative_to(self.folder)
            if path.is_file() and name.parts[0] != "build" and str(name) not in sources:
                path.unlink()
        for name in sources:
            source, copy = self.root / name, self.folder / name
            if copy.is_file() and copy.read_bytes() == source.read_bytes():
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
            shutil.copymode(source, copy)
        self.changed = None

    def configure(self):
        environment = dict(os.environ)
        if shutil.which("ccache"):
            environment.setdefault("CMAKE_CXX_COMPILER_LAUNCHER", "ccache")
        # The examples and the tools would be linked again for each mutant, if a test needs them.
        tools = f"-DDROVER_BUILD_TOOLS={'ON' if self.with_tools else 'OFF'}"
        done = subprocess.run(["cmake", "--preset", PRESET, tools], cwd=self.folder,
                              env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode == 0, done.stdout

    def build(self, targets):
        """Builds the targets. Returns whether that went well, and what was printed."""
        done = subprocess.run(["cmake", "--build", str(self.build_folder), "--parallel",
                               str(self.jobs), "--target", *targets], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", check=False)
        return done.returncode == 0, done.stdout

    def apply(self, one):
        self.restore()
        path = self.folder / one.file
        path.write_text(mutated(one, path.read_text()))
        self.changed = one.file

    def restore(self):
        """Takes the fault out again. The file becomes newer, so the next build compiles it."""
        if self.changed:
            (self.folder / self.changed).write_bytes((self.root / self.changed).read_bytes())
        self.changed = None

    def run(self, one, scratch, hang_s, whole_program=False):
        """Runs the command that must notice the fault, or the whole program."""
        program = self.build_folder / "bin" / one.command[0]
        arguments = () if whole_program else one.command[1:]
        environment = {**os.environ, "TMPDIR": str(scratch)}
        return run_command([str(program), *arguments], hang_s, environment)


def runs_nothing(one, done):
    """True if a test program ran no test, because it has none of this name."""
    return one.test is not None and "Running 0 tests" in done.output
