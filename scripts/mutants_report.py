# SPDX-License-Identifier: MIT
"""Shows the results of a run of mutants, on the terminal and in docs/internals/mutants.md."""

import re

TABLE = re.compile(r"(?<=<!-- table -->\n).*(?=<!-- end of table -->)", re.S)


def print_table(rows):
    """Prints the table, and what a mutant that was not killed has printed."""
    cells = [("mutant", "file", "killed by", "time", "result")]
    cells += [(row["name"], row["file"], row["killed_by"], f"{row['seconds']:.1f} s", row["result"])
              for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(4)]
    for row in cells:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[4]]))
    for row in rows:
        if row.get("output"):
            print(f"\n{row['name']}: {row['promise']}\n{row['output']}")


def markdown(rows):
    lines = ["| mutant | the promise that it breaks | file | killed by | time |",
             "|---|---|---|---|---|"]
    for row in rows:
        took = f"{row['seconds']:.1f} s" + row["result"].removeprefix("killed").replace(":", ",", 1)
        lines.append(f"| {row['name']} | {row['promise']} | {row['file'].removeprefix('src/')} "
                     f"| `{row['killed_by']}` | {took} |")
    return "\n".join(lines) + "\n"


def write_table(page, rows):
    """Replaces the table of the page by that of a report."""
    killed = sum(row["result"].startswith("killed") for row in rows)
    date = max(row["date"] for row in rows)
    head = f"\n{date}: {killed} of {len(rows)} mutants killed.\n\n"
    return TABLE.sub(lambda _: head + markdown(rows) + "\n", page)


def names_in(page):
    """The mutants in the table of the page."""
    table = TABLE.search(page)
    return re.findall(r"^\| (\w+) \| (?!the promise)", table[0], re.M) if table else []
