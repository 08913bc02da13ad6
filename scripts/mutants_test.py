# SPDX-License-Identifier: MIT
"""The tests of scripts/mutants and its parts."""

import pathlib
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from mutants_catalogue import (broken_catalogue, find_problems, mutated,  # noqa: E402
                               read_catalogue, read_mutant)
from mutants_kinds import find_kind_problems, kind, read_kinds  # noqa: E402
from mutants_report import names_in, write_table  # noqa: E402
from mutants_tree import run, run_command  # noqa: E402
from mutants_world import (first_violation, names_in_world_table, parts_of,  # noqa: E402
                           problems_of_report, search, write_world_table)

SOURCE = "int one() { return 1; }\nint two() { return 2; }\n"
TESTS = "TEST(numbers, AreWhatTheyAre) {}\nTEST_F(numbers_at, AreElsewhere) {}\n"


def fields(**changed):
    return {"promise": "One is one.", "file": "src/numbers/one.cpp", "text": "return 1;",
            "becomes": "return 3;", "killed_by": "numbers_test numbers.AreWhatTheyAre", **changed}


class catalogue(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        (self.root / "src/numbers").mkdir(parents=True)
        (self.root / "src/numbers/one.cpp").write_text(SOURCE)
        (self.root / "src/numbers/one_test.cpp").write_text(TESTS)

    def problems(self, **changed):
        return list(find_problems(self.root, [read_mutant("wrong", fields(**changed))]))

    def test_mutant_that_fits_has_no_problem(self):
        self.assertEqual(self.problems(), [])
        self.assertEqual(self.problems(killed_by="numbers_test numbers_at.AreElsewhere"), [])

    def test_text_is_replaced(self):
        changed = mutated(read_mutant("one", fields()), SOURCE)
        self.assertEqual(changed, SOURCE.replace("1", "3"))

    def test_text_must_occur_once(self):
        self.assertEqual(self.problems(text="return 7;"),
                         ["wrong: its text occurs 0 times in src/numbers/one.cpp, not once"])
        self.assertEqual(self.problems(text="return "),
                         ["wrong: its text occurs 2 times in src/numbers/one.cpp, not once"])

    def test_other_problems_name_the_mutant(self):
        for wrong in ({"file": "src/numbers/two.cpp"}, {"file": "scripts/tidy"},
                      {"becomes": "return 1;"}, {"promise": "one is one"},
                      {"killed_by": "numbers_test numbers.AreWhatTheyWere"}):
            with self.subTest(wrong):
                found = self.problems(**wrong)
                self.assertEqual(len(found), 1)
                self.assertTrue(found[0].startswith("wrong: "))

    def test_names_are_used_once(self):
        twice = [read_mutant("twice", fields())] * 2
        self.assertEqual(list(find_problems(self.root, twice)),
                         ["twice: two mutants have this name"])

    def test_unknown_and_missing_fields_are_refused(self):
        with self.assertRaisesRegex(broken_catalogue, "^odd: .*colour"):
            read_mutant("odd", fields(colour="red"))
        without = fields()
        del without["promise"]
        with self.assertRaisesRegex(broken_catalogue, "^bare: .*promise"):
            read_mutant("bare", without)

    def test_killer_may_be_any_command(self):
        world = read_mutant("one", fields(killed_by="drover-world --seed 7"))
        self.assertEqual(world.command, ("drover-world", "--seed", "7"))
        self.assertEqual(world.killer, "drover-world --seed 7")
        self.assertIsNone(world.test)
        test = read_mutant("one", fields())
        self.assertEqual(test.command, ("numbers_test", "--gtest_filter=numbers.AreWhatTheyAre"))
        self.assertEqual(test.killer, "numbers_test numbers.AreWhatTheyAre")

    def test_all_mutants_of_the_project_can_be_read(self):
        self.assertGreater(len(read_catalogue(pathlib.Path(__file__).resolve().parent.parent)), 44)


class page(unittest.TestCase):
    def test_table_is_replaced(self):
        row = {"name": "one", "promise": "One is one.", "file": "src/numbers/one.cpp",
               "killed_by": "numbers_test numbers.AreWhatTheyAre", "seconds": 0.25,
               "result": "killed: it hangs", "date": "2026-01-02"}
        before = "begin\n<!-- table -->\nold | x |\n<!-- end of table -->\nend\n"
        after = write_table(before, [row])
        self.assertIn("\n2026-01-02: 1 of 1 mutants killed.\n", after)
        self.assertIn("| numbers/one.cpp | `numbers_test numbers.AreWhatTheyAre` "
                      "| 0.2 s, it hangs |\n", after)
        self.assertEqual((after[:6], after[-5:], "old" in after), ("begin\n", "\nend\n", False))
        self.assertEqual(names_in(after), ["one"])


class kinds(unittest.TestCase):
    def test_kinds_of_the_project_can_be_read(self):
        root = pathlib.Path(__file__).resolve().parent.parent
        known = {one.name for one in read_catalogue(root)}
        self.assertEqual(list(find_kind_problems(read_kinds(root), known)), [])

    def test_problems_are_found(self):
        right = kind(1, "One was two.", ("one",), "")
        for wrong in (kind(2, "One was two.", ("one",), ""), kind(1, "one", ("one",), ""),
                      kind(1, "One was two.", ("two",), ""), kind(1, "One was two.", (), ""),
                      kind(1, "One was two.", ("one", "one"), ""),
                      kind(1, "One was two.", ("one",), "because")):
            with self.subTest(wrong):
                self.assertEqual(len(list(find_kind_problems([wrong], {"one"}))), 1)
        self.assertEqual(list(find_kind_problems([right], {"one"})), [])


class world(unittest.TestCase):
    VIOLATION = "200 schedules\nseed 417: stale: a b\nseed 403: late: c: d\n1 violations\n"

    def found_at(self, seed, schedules, outcome="fails"):
        """Searches a world with one violation. Returns the result and the parts that ran."""
        parts = []

        def run_part(command, _):
            first, size = int(command[2]), int(command[4])
            parts.append((first, size))
            hit = first <= seed < first + size
            return run(outcome if hit else "passes", 0.1, f"seed {seed}: late: x\n" if hit else "")
        return search("drover-world", schedules, 1, 0, run_part), parts

    def test_parts_are_all_schedules_once(self):
        for schedules in (1, 200, 201, 50_000):
            parts = list(parts_of(schedules))
            seeds = [seed for first, size in parts for seed in range(first, first + size)]
            self.assertEqual(seeds, list(range(1, schedules + 1)))
        self.assertEqual(list(parts_of(700, 600)), [(601, 100)])
        self.assertEqual(list(parts_of(700, 900)), [])

    def test_lowest_seed_of_the_output_counts(self):
        self.assertEqual(first_violation(self.VIOLATION), (403, "late", "c: d"))
        self.assertIsNone(first_violation("200 schedules\n0 violations\n"))

    def test_search_ends_at_the_first_violation(self):
        found, parts = self.found_at(201, 10_000)
        self.assertEqual((found["result"], found["seed"], found["rule"]), ("found", 201, "late"))
        self.assertEqual(len(parts), 2)

    def test_search_without_a_violation_says_so(self):
        found, _ = self.found_at(701, 700)
        self.assertEqual(found, {"result": "not found", "schedules": 700})

    def test_run_that_hangs_is_no_result(self):
        found, _ = self.found_at(5, 700, "crashes")
        self.assertEqual(found["result"], "found")
        broken = search("drover-world", 700, 1, 0, lambda *_: run("hangs", 9.0, "nothing"))
        self.assertEqual(broken["result"], "BROKEN")

    def test_table_has_all_mutants(self):
        mutants = [read_mutant(name, fields()) for name in ("one", "two", "three", "four")]
        all_kinds = [kind(1, "One was two.", ("one", "two"), ""),
                     kind(2, "Two was one.", ("three", "four"), "There are no numbers.")]
        row = {"date": "2026-01-02", "digest": mutants[0].fault_digest}
        rows = [{**row, "name": "one", "result": "found", "seed": 7, "rule": "late"},
                {**row, "name": "two", "result": "not found", "schedules": 50_000}]
        self.assertEqual(list(problems_of_report(all_kinds, mutants, rows)), [])
        self.assertEqual(len(list(problems_of_report(all_kinds, mutants, rows[:1]))), 1)
        rows[0]["digest"] = "of an earlier form"
        self.assertEqual(len(list(problems_of_report(all_kinds, mutants, rows))), 1)
        page = "a\n<!-- world -->\nold\n<!-- end of world -->\nb\n"
        after = write_world_table(page, all_kinds, mutants, rows)
        self.assertIn("the world finds 1 of 2 mutants, and 1 of 2 kinds; 1 kinds are outside",
                      " ".join(after.split()))
        self.assertIn("| 1 | One was two. | one | 7 | `late` | `numbers_test numbers.", after)
        self.assertIn("| | | two | none in 50,000 |  | `numbers_test", after)
        self.assertIn("| 2 | Two was one. | three | - | There are no numbers. |", after)
        self.assertEqual(names_in_world_table(after), ["one", "two", "three", "four"])


class command(unittest.TestCase):
    def test_outcomes_are_told_apart(self):
        self.assertEqual(run_command(["true"], 60).outcome, "passes")
        self.assertEqual(run_command(["sh", "-c", "echo no; exit 3"], 60).outcome, "fails")
        self.assertEqual(run_command(["sh", "-c", "kill -ABRT $$"], 60).outcome, "crashes")

    def test_output_is_kept(self):
        self.assertEqual(run_command(["sh", "-c", "echo out; echo err >&2"], 60).output,
                         "out\nerr\n")

    def test_hang_ends_with_all_its_processes(self):
        begun = time.monotonic()
        done = run_command(["sh", "-c", "echo begun; sleep 1000 & sleep 1000"], 0.5)
        self.assertEqual((done.outcome, done.output), ("hangs", "begun\n"))
        self.assertLess(time.monotonic() - begun, 500)


if __name__ == "__main__":
    unittest.main()
