#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the report files for other programs: JUnit XML with an XML parser, SARIF by the rules of
the specification 2.1.0 (OASIS), and JSON with a JSON parser.

  report_files_test.py SAMPLE_PAGE   SAMPLE_PAGE is the program that writes the files
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.parse
import xml.etree.ElementTree as xml

SAMPLES = ("unsafe", "hostile", "safe", "harmless", "quiet")
LEVELS = {"none", "note", "warning", "error"}  # 3.27.10
settings = {}


def files(ending):
    for name in SAMPLES:
        yield name, (pathlib.Path(settings["folder"]) / f"{name}.{ending}").read_bytes()


def strings_of(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings_of(item)


class report_files(unittest.TestCase):
    def each_file(self, ending):
        for name, text in files(ending):
            with self.subTest(name):
                yield name, text

    def test_junit_is_well_formed_and_its_counts_are_right(self):
        for name, text in self.each_file("xml"):
            suites = xml.fromstring(text)
            self.assertEqual(suites.tag, "testsuites")
            all_cases = suites.findall("testsuite/testcase")
            self.assertEqual(int(suites.get("tests")), len(all_cases))
            self.assertEqual(int(suites.get("failures")), len(suites.findall(".//failure")))
            self.assertEqual(int(suites.get("skipped")), len(suites.findall(".//skipped")))
            for suite in suites:
                cases = suite.findall("testcase")
                self.assertTrue(cases, suite.get("name"))
                self.assertEqual(int(suite.get("tests")), len(cases))
                self.assertEqual(int(suite.get("failures")), len(suite.findall("*/failure")))
                self.assertEqual(int(suite.get("skipped")), len(suite.findall("*/skipped")))
                for case in cases:
                    self.assertTrue(case.get("name"))
                    self.assertEqual(case.get("classname"), "drover.audit." + suite.get("name"))
                    self.assertLessEqual(len(case), 1)
            if name in ("safe", "quiet"):
                self.assertEqual(suites.get("failures"), "0")

    def test_junit_has_the_same_elements_whatever_the_text_from_outside(self):
        shape = {name: [(element.tag, sorted(element.attrib))
                        for element in xml.fromstring(text).iter()]
                 for name, text in files("xml")}
        self.assertEqual(shape["hostile"], shape["harmless"])

    def test_sarif_has_what_its_specification_requires(self):
        for _, text in self.each_file("sarif"):
            log = json.loads(text)
            self.assertEqual(log["version"], "2.1.0")  # 3.13.2
            self.assertTrue(log["$schema"].endswith("sarif-2.1.0.json"))
            self.assertEqual(len(log["runs"]), 1)
            run = log["runs"][0]
            driver = run["tool"]["driver"]  # 3.14.6, 3.18.2
            self.assertTrue(driver["name"])
            self.assertRegex(driver["semanticVersion"], r"^\d+\.\d+\.\d+$")
            ids = [rule["id"] for rule in driver["rules"]]
            self.assertEqual(len(set(ids)), len(ids))  # 3.19.23
            for rule in driver["rules"]:
                for part in ("shortDescription", "fullDescription", "help"):
                    self.assertTrue(rule[part]["text"])  # 3.12.3
                self.assertTrue(rule["shortDescription"]["text"].endswith("."))
                self.assertIn(rule["defaultConfiguration"]["level"], LEVELS)
                self.assertIn(rule["properties"]["problem.severity"],  # GitHub's
                              ("error", "warning", "recommendation"))
                self.assertIn(rule["properties"]["precision"], ("very-high", "high"))
                for part in ("shortDescription", "fullDescription"):
                    self.assertLessEqual(len(rule[part]["text"]), 1024)  # GitHub's
            self.assertIn(run["columnKind"], ("utf16CodeUnits", "unicodeCodePoints"))
            for invocation in run["invocations"]:
                self.assertIs(invocation["executionSuccessful"], True)  # 3.20.14
                for note in invocation["toolExecutionNotifications"]:
                    self.assertTrue(note["message"]["text"])  # 3.58.5
                    self.assertIn(note["level"], LEVELS)
            for result in run["results"]:
                self.sarif_result(result, ids)

    def sarif_result(self, result, ids):
        self.assertTrue(result["message"]["text"])  # 3.27.11
        self.assertIn(result["level"], LEVELS)
        self.assertEqual(ids[result["ruleIndex"]], result["ruleId"])  # 3.27.6
        self.assertEqual(len(result["locations"]), 1)
        place = result["locations"][0]["physicalLocation"]
        address = place["artifactLocation"]["uri"]
        self.assertRegex(address, r"^[!-~]+$")  # RFC 3986: no blanks, nothing beyond ASCII
        self.assertFalse(urllib.parse.urlsplit(address).scheme)
        self.assertFalse(address.startswith("/"))
        self.assertEqual(place["artifactLocation"]["uriBaseId"], "%SRCROOT%")
        self.assertGreaterEqual(place["region"]["startLine"], 1)
        for logical in result["locations"][0].get("logicalLocations", []):
            self.assertTrue(logical["name"])
        prints = result["partialFingerprints"]
        self.assertRegex(prints["droverRuleAndPattern/v1"], r"^[0-9a-f]{32}$")
        self.assertRegex(prints["primaryLocationLineHash"], r"^[0-9a-f]{16}:1$")  # GitHub's
        for suppression in result.get("suppressions", []):
            self.assertIn(suppression["kind"], ("inSource", "external"))  # 3.35.2

    def test_sarif_tells_what_was_found(self):
        run = json.loads(dict(files("sarif"))["unsafe"])["runs"][0]
        results = run["results"]
        self.assertEqual([result["ruleId"] for result in results], ["C101", "C206", "C204", "C303"])
        self.assertEqual([result["level"] for result in results],
                         ["error", "error", "warning", "warning"])
        self.assertEqual(results[0]["locations"][0]["logicalLocations"][0]["name"], "user:*")
        place = results[0]["locations"][0]["physicalLocation"]
        self.assertEqual(urllib.parse.unquote(place["artifactLocation"]["uri"]), "src/a b/%7e.py")
        self.assertEqual(place["region"]["startLine"], 42)
        self.assertEqual(results[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
                         "README.md")
        self.assertEqual(["suppressions" in result for result in results],
                         [False, False, False, True])
        prints = [result["partialFingerprints"]["droverRuleAndPattern/v1"] for result in results]
        self.assertEqual(len(set(prints)), len(prints))

    def test_nothing_that_moves_a_terminal_or_hides_is_in_what_people_read(self):
        unseen = re.compile(
            "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
        text = dict(files("xml"))["hostile"].decode()
        self.assertIsNone(unseen.search(text))
        run = json.loads(dict(files("sarif"))["hostile"])["runs"][0]
        for result in run["results"]:
            self.assertIsNone(unseen.search(result["message"]["text"]))
            for logical in result["locations"][0].get("logicalLocations", []):
                self.assertIsNone(unseen.search(logical["name"]))
        for note in run["invocations"][0]["toolExecutionNotifications"]:
            self.assertIsNone(unseen.search(note["message"]["text"]))

    def test_json_is_read_by_a_json_parser_with_the_names_as_they_were(self):
        for _, text in self.each_file("json"):
            self.assertEqual(json.loads(text)["version"], 1)
        hostile = json.loads(dict(files("json"))["hostile"])
        names = set(strings_of(hostile))
        for name in ("</script><script>document.title='broken'</script>", "nul\0inside",
                     "\u202egnp.exe\u202c", "line\r\nbreak\ttab \x0b\x7f \ufffe \uffff"):
            self.assertIn(name, names)


def main():
    with tempfile.TemporaryDirectory(prefix="drover.reports.") as folder:
        settings["folder"] = folder
        subprocess.run([sys.argv[1], "audit_files", folder], check=True)
        result = unittest.TextTestRunner(verbosity=2).run(
            unittest.defaultTestLoader.loadTestsFromTestCase(report_files))
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
