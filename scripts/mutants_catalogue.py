# SPDX-License-Identifier: MIT
"""Reads the mutants of test/mutants/*.toml, and checks them against the sources without a build."""

import dataclasses
import hashlib
import re
import tomllib

# The tests of a program are in these files. Other programs are searched for in all test files.
TESTS_OF = {"integration_test": ["test/integration/*_test.cpp", "test/docs/*_test.cpp"],
            "world_test": ["test/world/*_test.cpp"],
            "world_play_test": ["test/world/system/*_test.cpp", "test/world/play/*_test.cpp"]}
ALL_TESTS = ["src/*/*_test.cpp", "test/*/*_test.cpp"]
HANG_S = 60
KINDS = "kinds.toml"  # beside the catalogues; mutants_kinds.py reads it


@dataclasses.dataclass(frozen=True)
class mutant:
    """A fault that is put into the sources on purpose, and the run that must notice it."""

    name: str
    promise: str     # the promise that the fault breaks
    file: str        # the changed file, from the root of the tree
    text: str        # occurs exactly once in the file
    becomes: str     # replaces the text
    target: str      # the target to build
    command: tuple   # the command line; its first word is the target's program
    hang_s: int      # a run that takes longer counts as a hang

    @property
    def killer(self):
        return " ".join([self.target, *self.arguments])

    @property
    def arguments(self):
        """The command line as it is shown: the name of a test without the option."""
        return [word.removeprefix("--gtest_filter=") for word in self.command[1:]]

    @property
    def digest(self):
        """Differs when the fault or its killer is another one."""
        return digest_of(self.file, self.text, self.becomes, *self.command)

    @property
    def fault_digest(self):
        """Differs when the fault is another one."""
        return digest_of(self.file, self.text, self.becomes)

    @property
    def test(self):
        """The name of the test, or None if the killer is another command."""
        is_test = self.command[1:2] and self.command[1].startswith("--gtest_filter=")
        return self.command[1].removeprefix("--gtest_filter=") if is_test else None


def digest_of(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


class broken_catalogue(Exception):
    pass


def read_mutant(name, fields, file=None):
    """Makes a mutant of the fields of its table in a catalogue."""
    known = {"promise", "file", "text", "becomes", "killed_by", "hang_s"}
    missing = known - {"file", "hang_s"} - fields.keys()
    if missing or fields.keys() - known:
        wrong = ", ".join(sorted(missing | (fields.keys() - known)))
        raise broken_catalogue(f"{name}: missing or unknown fields: {wrong}")
    words = fields["killed_by"].split()
    target, rest = words[0], words[1:]
    if target.endswith("_test") and len(rest) == 1 and "." in rest[0]:
        rest = [f"--gtest_filter={rest[0]}"]
    return mutant(name, fields["promise"], fields.get("file", file), fields["text"],
                  fields["becomes"], target, (target, *rest), fields.get("hang_s", HANG_S))


def read_catalogue(root):
    """Returns the mutants of all catalogues, in order."""
    mutants = []
    for path in sorted((root / "test/mutants").glob("*.toml")):
        if path.name == KINDS:
            continue
        try:
            tables = tomllib.loads(path.read_text())
        except tomllib.TOMLDecodeError as error:
            raise broken_catalogue(f"{path.name}: {error}") from error
        mutants += [read_mutant(name, fields) for name, fields in tables.items()]
    return mutants


def mutated(one, source):
    """Returns the source with the fault. The text must occur exactly once, so that a change of the
    source that makes the mutant obsolete is noticed."""
    count = source.count(one.text)
    if count != 1:
        raise broken_catalogue(f"{one.name}: its text occurs {count} times in {one.file}, not once")
    return source.replace(one.text, one.becomes)


def test_names(root, target):
    """The names of the tests that the sources of a program contain."""
    folder = root / "src" / target.removesuffix("_test")
    patterns = TESTS_OF.get(target, ALL_TESTS)
    if target.endswith("_test") and folder.is_dir():
        patterns = [f"src/{folder.name}/*_test.cpp"]
    names = set()
    for pattern in patterns:
        for path in root.glob(pattern):
            found = re.finditer(r"^TEST(?:_[FP])?\((\w+),\s*(\w+)\)", path.read_text(), re.M)
            names |= {f"{match[1]}.{match[2]}" for match in found}
    return names


def find_problems(root, mutants):
    """Yields a text for each mutant that does not fit the sources."""
    seen, tests = set(), {}
    for one in mutants:
        if one.name in seen:
            yield f"{one.name}: two mutants have this name"
        seen.add(one.name)
        if not re.match(r"[A-Z].*\.$", one.promise, re.S) or "\n" in one.promise:
            yield f"{one.name}: its promise must be one sentence on one line"
        if not one.file.startswith("src/") or not (root / one.file).is_file():
            yield f"{one.name}: no such file under src/: {one.file}"
            continue
        if one.text == one.becomes:
            yield f"{one.name}: it changes nothing"
        try:
            mutated(one, (root / one.file).read_text())
        except broken_catalogue as error:
            yield str(error)
        if one.test:
            if one.target not in tests:
                tests[one.target] = test_names(root, one.target)
            if one.test not in tests[one.target]:
                yield f"{one.name}: {one.target} has no test {one.test}"
