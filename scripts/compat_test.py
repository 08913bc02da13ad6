# SPDX-License-Identifier: MIT
"""Tests of scripts/compat."""

import importlib.machinery
import importlib.util
import pathlib
import tempfile
import unittest

HOME = pathlib.Path(__file__).resolve().parent
LOADER = importlib.machinery.SourceFileLoader("compat", str(HOME / "compat"))
compat = importlib.util.module_from_spec(importlib.util.spec_from_loader("compat", LOADER))
LOADER.exec_module(compat)


class the_table(unittest.TestCase):
    def test_counts_the_results_of_ctest(self):
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "report.xml"
            report.write_text('<testsuite><testcase name="a" status="run"/>'
                              '<testcase name="b" status="fail"><failure/></testcase>'
                              '<testcase name="c" status="notrun"><skipped/></testcase>'
                              '</testsuite>')
            self.assertEqual(compat.counts_in(report), (1, ["b"], 1))

    def test_has_a_row_for_each_server(self):
        row = compat.row_of("Redis 8.0.2", (400, ["b"], 2))
        self.assertEqual(row, "| Redis 8.0.2 | 400 | 1 | 2 |")
        self.assertIn(row, compat.table_of([row]))

    def test_replaces_only_the_part_between_the_markers(self):
        page = f"before\n{compat.BEGIN}\nold\n{compat.END}\nafter\n"
        new = compat.with_table(page, "new")
        self.assertEqual(new, f"before\n{compat.BEGIN}\n\nnew\n\n{compat.END}\nafter\n")
        self.assertEqual(compat.with_table(new, "new"), new)

    def test_refuses_a_page_without_markers(self):
        with self.assertRaises(compat.refused):
            compat.with_table("page", "new")


class a_program(unittest.TestCase):
    def test_runs_with_the_libraries_of_its_own_system(self):
        with tempfile.TemporaryDirectory() as folder:
            system = pathlib.Path(folder) / "system"
            (system / "usr/bin").mkdir(parents=True)
            self.assertIsNone(compat.program_in(system, "valkey-server", system / "bin"))
            (system / "usr/bin/valkey-server").touch()
            script = compat.program_in(system, "valkey-server", system / "bin")
            self.assertIn(f"{system}/usr/bin/valkey-server", script.read_text())


if __name__ == "__main__":
    unittest.main()
