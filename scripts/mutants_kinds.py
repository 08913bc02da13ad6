# SPDX-License-Identifier: MIT
"""Reads test/mutants/kinds.toml: kinds of faults that users met and that were mended. Each kind
names the mutants that undo its mending."""

import dataclasses
import re
import tomllib

from mutants_catalogue import broken_catalogue

FILE = "test/mutants/kinds.toml"


@dataclasses.dataclass(frozen=True)
class kind:
    """A kind of fault that was mended."""

    number: int
    fault: str      # one sentence: what went wrong
    mutants: tuple  # their names; each undoes a part of the mending
    outside: str    # why the simulated world cannot show it, or an empty text


def read_kinds(root):
    """Returns the kinds in the order of their numbers."""
    try:
        tables = tomllib.loads((root / FILE).read_text())
        return [kind(int(number), fields.pop("fault"), tuple(fields.pop("mutants")),
                     fields.pop("outside", ""), **fields) for number, fields in tables.items()]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise broken_catalogue(f"{FILE}: {error}") from error


def find_kind_problems(kinds, known):
    """Yields a text for each kind that does not fit the mutants whose names are `known`."""
    if [one.number for one in kinds] != list(range(1, len(kinds) + 1)):
        yield f"{FILE}: the numbers of the kinds are not 1, 2, 3, ..."
    seen = set()
    for one in kinds:
        for text in filter(None, [one.fault, one.outside]):
            if not re.fullmatch(r"[A-Z].*\.", text):
                yield f"{FILE}: kind {one.number}: not a sentence on one line: {text}"
        if not one.mutants:
            yield f"{FILE}: kind {one.number} has no mutant"
        for name in one.mutants:
            if name not in known:
                yield f"{FILE}: kind {one.number}: no mutant {name}"
            if name in seen:
                yield f"{FILE}: {name} occurs twice"
            seen.add(name)
