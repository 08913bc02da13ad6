# SPDX-License-Identifier: MIT
"""Looks for the first seed of the simulated world that notices each mutant of
test/mutants/kinds.toml, and writes the table of docs/internals/mutants.md."""

import datetime
import hashlib
import json
import pathlib
import re
import shutil
import tempfile

from mutants_tree import run_command

TARGET = "drover_world_command"
PROGRAM = "drover-world"
UNCHANGED = "drover-world-unchanged"  # a copy of the program without a fault
FIRST_PART = 200   # schedules; each part of the search is twice as long as the one before
LONGEST_PART = 4000  # below the number at which drover-world asks for evidence
HANG_S = 1200      # the longest run of a part
TABLE = re.compile(r"(?<=<!-- world -->\n).*(?=<!-- end of world -->)", re.S)
OUTSIDE = "outside"
FOUND = re.compile(r"^seed (\d+): (\w+): (.*)$", re.M)


def is_test(name):
    return name.endswith(("_test.cpp", "_fuzz.cpp"))


def digest_of_sources(root, names):
    """Differs when a schedule may be another one."""
    digest = hashlib.sha256()
    for name in sorted(names):
        if name.startswith(("include/", "src/", "test/world/")) and not is_test(name):
            digest.update(name.encode() + b"\0" + (root / name).read_bytes())
    return digest.hexdigest()[:16]


def parts_of(schedules, done=0):
    """Yields the first seed and the length of each part of a search of so many schedules, after
    the first ones are `done`."""
    seed, size = done + 1, FIRST_PART
    while seed <= schedules:
        size = min(size, LONGEST_PART, schedules - seed + 1)
        yield seed, size
        seed += size
        size *= 2


def first_violation(output):
    """The lowest seed with a violation, its rule and its text. None: the output has none."""
    found = [(int(seed), rule, text) for seed, rule, text in FOUND.findall(output)]
    return min(found) if found else None


def search(program, schedules, jobs, done_before=0, run=run_command):
    """Runs the world until the first violation. Returns what a row of the report has of it."""
    scratch = tempfile.mkdtemp(prefix="drover.", dir="/tmp")
    try:
        for seed, size in parts_of(schedules, done_before):
            done = run([str(program), "--seed", str(seed), "--schedules", str(size),
                        "--jobs", str(jobs)], HANG_S)
            if done.outcome == "passes":
                continue
            found = first_violation(done.output)
            if found:
                return {"result": "found", "seed": found[0], "rule": found[1], "text": found[2]}
            return {"result": "BROKEN", "text": f"{done.outcome} at seed {seed} or later:\n"
                                                f"{done.output[-1000:]}"}
        return {"result": "not found", "schedules": max(schedules, done_before)}
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def keep_unchanged(place):
    """Keeps the program without a fault, which must pass where one with a fault fails."""
    programs = place.build_folder / "bin"
    shutil.copy2(programs / PROGRAM, programs / UNCHANGED)


def check_unchanged_world(place, seed):
    """Returns what a row of the report has of a seed that fails without a fault, too."""
    command = [str(place.build_folder / "bin" / UNCHANGED), "--seed", str(seed)]
    if run_command(command, HANG_S).outcome == "passes":
        return {}
    return {"result": "BROKEN", "text": f"without a fault, {PROGRAM} --seed {seed} fails, too"}


def try_in_world(place, one, sources, options):
    """Builds the world with one mutant, and searches. Returns its row of the report. A search that
    found nothing before goes on where it ended."""
    row = {"name": one.name, "digest": one.fault_digest, "sources": sources,
           "date": datetime.date.today().isoformat()}
    same = [known for known in read_report(options.world_report)
            if all(known.get(field) == row[field] for field in ("name", "digest", "sources"))]
    before = same[0] if same else {"result": ""}
    if before["result"] == "found" or before.get("schedules", 0) >= options.schedules:
        return before
    place.apply(one)
    is_built, output = place.build([TARGET])
    if not is_built:
        return {**row, "result": "DOES NOT COMPILE", "text": output[-3000:]}
    program = place.build_folder / "bin" / PROGRAM
    row.update(search(program, options.schedules, options.jobs, before.get("schedules", 0)))
    return {**row, **check_unchanged_world(place, row["seed"])} if "seed" in row else row


def describe(row):
    """The outcome of a search in a few words."""
    if row["result"] == "found":
        return f"seed {row['seed']}, rule {row['rule']}"
    if row["result"] == "not found":
        return f"not found in {row['schedules']:,} schedules"
    return row["result"]


def read_report(path):
    return json.loads(path.read_text()) if path.exists() else []


def update_report(path, row):
    known = {one["name"]: one for one in [*read_report(path), row]}
    path.write_text(json.dumps(list(known.values()), indent=1) + "\n")


def markdown(kinds, mutants, rows):
    by_name = {one.name: one for one in mutants}
    found = {row["name"]: row for row in rows}
    lines = ["| | what was mended | mutant that undoes it | first seed | rule | test |",
             "|---|---|---|---|---|---|"]
    for kind in kinds:
        for i, name in enumerate(kind.mutants):
            row = found.get(name, {})
            seed, rule = f"{row.get('seed', '')}", row.get("rule", "")
            if kind.outside:
                seed, rule = "-", kind.outside
            elif row["result"] == "not found":
                seed, rule = f"none in {row['schedules']:,}", ""
            head = f"| {kind.number} | {kind.fault} " if i == 0 else "| | "
            rule = f"`{rule}`" if rule and not kind.outside else rule
            lines.append(f"{head}| {name} | {seed} | {rule} | `{by_name[name].killer}` |")
    return "\n".join(lines) + "\n"


def problems_of_report(kinds, mutants, rows):
    """Yields a text for each mutant that the report lacks or knows in an earlier form."""
    digests = {one.name: one.fault_digest for one in mutants}
    found = {row["name"]: row for row in rows}
    for name in (name for kind in kinds if not kind.outside for name in kind.mutants):
        row = found.get(name)
        if row is None or row["digest"] != digests[name]:
            yield f"the report of the world lacks {name}"
        elif row["result"] not in ("found", "not found"):
            yield f"{name}: {row['result']}"


def write_world_table(page, kinds, mutants, rows):
    """Replaces the table of the page by that of a report."""
    inside = [name for kind in kinds if not kind.outside for name in kind.mutants]
    chosen = [row for row in rows if row["name"] in inside]
    seen = {row["name"] for row in chosen if row["result"] == "found"}
    covered = sum(any(name in seen for name in kind.mutants) for kind in kinds)
    outside = sum(bool(kind.outside) for kind in kinds)
    head = (f"\n{max(row['date'] for row in chosen)}: the world finds {len(seen)} of "
            f"{len(inside)} mutants, and {covered} of {len(kinds)} kinds; {outside} kinds are "
            f"outside of it.\n\n")
    return TABLE.sub(lambda _: head + markdown(kinds, mutants, rows) + "\n", page)


def names_in_world_table(page):
    """The mutants in the table of the page."""
    table = TABLE.search(page)
    return re.findall(r"^\| \d* ?\|(?:[^|]*\|)? (\w+) \| (?!first seed)", table[0], re.M) \
        if table else []
