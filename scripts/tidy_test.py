# SPDX-License-Identifier: MIT
"""Tests of scripts/tidy: each check finds its fault, and accepts a similar text without it."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import tempfile
import unittest

home = pathlib.Path(__file__).resolve().parent
loader = importlib.machinery.SourceFileLoader("tidy", str(home / "tidy"))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
loader.exec_module(tidy)

RULES = tidy.layers("""
values = fault result
values
base*   values
fetch*  values base   # a remark
cache   values base fetch
facade  values
tools/cli   base
tools/demo  facade base tools/cli
""")


def found(check, *arguments):
    return [what for _, what in check(*arguments)]


class Layers(unittest.TestCase):
    def included(self, path, line):
        return found(tidy.check_layers, RULES, path, f"{line}\n")

    def test_lower_layers_may_be_included(self):
        self.assertEqual(self.included("src/fetch/a.hpp", '#include "base/time.hpp"'), [])
        self.assertEqual(self.included("src/fetch/a.hpp", "#include <drover/fault.hpp>"), [])
        self.assertEqual(self.included("src/fetch/a.hpp", "#include <vector>"), [])

    def test_higher_layers_may_not(self):
        self.assertEqual(self.included("src/base/a.hpp", '#include "fetch/b.hpp"'),
                         ["base may not include fetch: fetch/b.hpp"])
        self.assertEqual(self.included("src/base/a.hpp", "#  include <drover/cache.hpp>"),
                         ["base may not include facade: drover/cache.hpp"])

    def test_tests_may_include_what_they_like(self):
        self.assertEqual(self.included("src/base/a_test.cpp", '#include "cache/b.hpp"'), [])

    def test_tools_include_what_is_allowed_to_each_of_them(self):
        self.assertEqual(self.included("tools/demo/a.cpp", '#include "cli/flags.hpp"'), [])
        self.assertEqual(len(self.included("tools/demo/a.cpp", '#include "fetch/a.hpp"')), 1)
        self.assertEqual(len(self.included("tools/cli/a.cpp", '#include "demo/a.hpp"')), 1)

    def test_a_public_header_includes_only_public_ones(self):
        self.assertEqual(len(self.included("include/drover/fault.hpp", '#include "x/a.hpp"')), 1)

    def test_a_header_is_named_with_its_folder(self):
        self.assertEqual(len(self.included("src/base/a.cpp", '#include "a.hpp"')), 1)

    def test_an_unknown_folder_is_noticed(self):
        self.assertEqual(len(found(tidy.check_layers, RULES, "src/odd/a.cpp", "")), 1)


class Banned(unittest.TestCase):
    def banned(self, path, text):
        return found(tidy.check_banned, RULES, path, text)

    def test_pure_layers_have_no_clock_thread_or_exception(self):
        for line in ("auto t = std::chrono::steady_clock::now();", "std::thread t;", "throw 1;",
                     "std::random_device d;", 'getenv("A");', "#include <thread>"):
            self.assertEqual(len(self.banned("src/fetch/a.cpp", line)), 1, line)

    def test_comments_strings_and_shells_are_let_be(self):
        self.assertEqual(self.banned("src/fetch/a.cpp", '// never throw\nauto s = "throw";'), [])
        self.assertEqual(self.banned("src/cache/a.cpp", "throw 1; std::thread t;"), [])
        self.assertEqual(self.banned("src/fetch/a_test.cpp", "std::thread t;"), [])

    def test_a_member_called_like_a_banned_function_is_not_it(self):
        self.assertEqual(self.banned("src/fetch/a.cpp", "brand(); operand(1); timer.now();"), [])

    def test_sockets_belong_to_the_connection(self):
        self.assertEqual(len(self.banned("src/cache/a.cpp", "#include <sys/socket.h>")), 1)

    def test_heavy_headers_stay_out_of_public_ones(self):
        self.assertEqual(len(self.banned("include/drover/fault.hpp", "#include <future>")), 1)
        self.assertEqual(self.banned("include/drover/fault.hpp", "#include <string>"), [])


class Lengths(unittest.TestCase):
    def test_a_long_function_is_found_wherever_it_stands(self):
        body = "  x();\n" * 71
        for text in (f"int f() {{\n{body}}}\n", f"struct s {{ int f() const {{\n{body}}} }};\n",
                     f"namespace n {{\nclass c : d {{\n c() : x_(1) {{\n{body}}}\n}};\n}}\n",
                     f"TEST(a, B) {{\n{body}}}\n", f"auto f(int a) -> b<c> {{\n{body}}}\n"):
            lengths = [count for _, count in tidy.functions(text)]
            self.assertGreater(max(lengths, default=0), 70, text[:40])

    def test_a_long_class_namespace_or_table_is_no_function(self):
        body = "  int a;\n" * 99
        for text in (f"class c {{\n{body}}};\n", f"namespace {{\n{body}}}\n",
                     "int a[] = {\n" + "  f(1),\n" * 99 + "};\n"):
            self.assertEqual([c for _, c in tidy.functions(text) if c > 70], [], text[:40])

    def test_braces_in_strings_and_comments_do_not_count(self):
        text = "int f() {\n  g('{', \"{\"); // {\n}\nint h() {\n}\n"
        self.assertEqual([c for _, c in tidy.functions(text)], [3, 2])

    def test_columns_and_lines_have_limits(self):
        self.assertEqual(len(found(tidy.check_lengths, "src/base/a.cpp", "x" * 101)), 1)
        self.assertEqual(found(tidy.check_lengths, "src/base/a.cpp", "ü" * 100), [])
        self.assertEqual(len(found(tidy.check_lengths, "src/base/a.cpp", "x\n" * 501)), 1)
        self.assertEqual(found(tidy.check_lengths, "src/base/a_test.cpp", "x\n" * 501), [])


TERMS = tidy.tidy_prose.glossary("""
## Terms of the library

| term | meaning | instead of |
|---|---|---|
| origin | behind | `backend`, `upstream` |
| fill | to store | |

## Terms of the tools

| term | meaning | instead of |
|---|---|---|
| lock hold | holding | `tenure` |

## Banned phrases

* "waited in vain": "gave up waiting"
* "for who ": name the subject
""")


class Words(unittest.TestCase):
    def words(self, text, path="src/base/a.cpp"):
        return found(tidy.check_words, TERMS, path, text)

    def test_the_glossary_decides(self):
        self.assertEqual(self.words("int upstream_count;"), ["'upstream_count': say origin"])
        self.assertEqual(self.words("struct backends;"), ["'backends': say origin"])
        self.assertEqual(self.words("// as a backend\nint fill;"), [])

    def test_each_part_of_the_tree_has_its_terms(self):
        self.assertEqual(self.words("int tenure;"), [])
        self.assertEqual(self.words("int tenure;", "tools/audit/a.cpp"),
                         ["'tenure': say lock hold"])
        self.assertEqual(self.words("int backend;", "tools/audit/a.cpp"), [])
        self.assertEqual(self.words("int backend;", "test/a.cpp"), [])

    def test_banned_phrases_are_found_across_lines(self):
        self.assertEqual(self.words("// Callers that waited in vain load."),
                         ["'waited in vain': write \"gave up waiting\""])
        self.assertEqual(len(self.words("/// Callers that waited\n  /// in Vain load.")), 1)
        self.assertEqual(len(self.words("# kept for\n# who reads it", "run")), 1)
        self.assertEqual(self.words("// a vain attempt, waited in line; for whom"), [])

    def test_the_page_of_the_project_is_read(self):
        page = (home.parent / tidy.GLOSSARY).read_text()
        terms = tidy.tidy_prose.glossary(page)
        self.assertGreater(len(terms.words["library"]), 10)
        self.assertGreater(len(terms.words["tools"]), 4)
        self.assertGreater(len(terms.phrases), 10)

    def test_open_ends_name_an_issue(self):
        self.assertEqual(len(self.words("// TO" + "DO: later")), 1)
        self.assertEqual(self.words("// TO" + "DO(#12): later"), [])


class Commits(unittest.TestCase):
    def subject(self, text, body="Because."):
        return list(tidy.tidy_prose.check_subject(text, body))

    def test_subjects_are_short_imperatives_with_a_reason(self):
        for good in ("Add a page", "Need less", "Pass options on", "Bring it back", "Let it be"):
            self.assertEqual(self.subject(good), [])
        for bad in ("Added a page", "Adding a page", "Adds a page", "add a page", "Add a page.",
                    "Add " + "a" * 69):
            self.assertEqual(len(self.subject(bad)), 1, bad)
        self.assertEqual(len(self.subject("Add a page", "")), 1)

    def git(self, root, *arguments):
        subprocess.run(["git", "-C", root, "-c", "user.name=a", "-c", "user.email=a@b",
                        *arguments], check=True, capture_output=True)

    def test_commits_after_the_given_one_are_checked_where_it_is_known(self):
        with tempfile.TemporaryDirectory() as root:
            self.git(root, "init", "-q")
            for subject in ("first", "second thing"):
                self.git(root, "commit", "-q", "--allow-empty", "-m", subject)
            commits = subprocess.run(["git", "-C", root, "log", "--format=%H"], text=True,
                                     check=True, capture_output=True).stdout.split()
            check = tidy.tidy_prose.check_commits
            self.assertEqual(len(list(check(root, commits[1]))), 2)  # no capital, no body
            self.assertEqual(list(check(root, commits[0])), [])
            self.assertEqual(list(check(root, "0123456789" * 4)), [])
            with tempfile.TemporaryDirectory() as shallow:
                self.git(shallow, "clone", "-q", "--depth", "1", f"file://{root}", "clone")
                self.assertEqual(list(check(f"{shallow}/clone", commits[1])), [])
            with tempfile.TemporaryDirectory() as none:
                self.assertEqual(list(check(none, commits[0])), [])


class Shape(unittest.TestCase):
    def shape(self, path, text):
        return found(tidy.check_shape, path, "// SPDX-License-Identifier: MIT\n" + text)

    def test_headers_start_as_they_should(self):
        self.assertEqual(self.shape("src/base/a.hpp", "#pragma once\n"), [])
        self.assertEqual(self.shape("src/base/a.hpp", ""), ["no #pragma once"])
        self.assertEqual(len(found(tidy.check_shape, "run", "#!/bin/sh\n")), 1)

    def test_a_file_is_not_called_util(self):
        self.assertEqual(len(self.shape("src/base/util.cpp", "")), 1)

    def test_code_that_is_commented_out_is_found(self):
        self.assertEqual(self.shape("src/base/a.cpp", "// f();\n// g();\n"),
                         ["code that is commented out"])
        self.assertEqual(self.shape("src/base/a.cpp", "// First;\n// second.\n/// f();\n"), [])


class Docs(unittest.TestCase):
    def docs(self, member, name="cache"):
        text = f"/// A cache.\nclass c {{\n public:\n{member}\n private:\n  int hidden();\n}};\n"
        return found(tidy.check_docs, f"include/drover/{name}.hpp", text)

    def test_a_public_function_says_what_it_throws_and_who_may_call_it(self):
        self.assertEqual(self.docs("  int get();"), ["no docstring: get"])
        self.assertEqual(self.docs("  /// Gets.\n  int get(\n    int a);"),
                         ["'get' does not say Threads:", "'get' does not say Throws:"])
        self.assertEqual(self.docs("  /// Threads: any\n  int get() const noexcept;"), [])
        self.assertEqual(self.docs("  /// Throws: a\n  /// Threads: b\n  int get();"), [])

    def test_one_docstring_does_not_serve_two_functions(self):
        both = "  /// Threads: any. Throws: no\n  int a();\n\n  int b() { return 1; }"
        self.assertEqual(self.docs(both), ["no docstring: b"])

    def test_values_need_one_for_the_class_only(self):
        self.assertEqual(self.docs("  int get();", name="fault"), [])
        self.assertEqual(found(tidy.check_docs, "include/drover/fault.hpp", "struct a {\n};\n"),
                         ["no docstring: struct a {"])

    def test_a_code_block_stands_in_an_example(self):
        page = "Text\n\n```cpp\nint a;\n\nint b;\n```\n"
        self.assertEqual(found(tidy.check_blocks, page, ["x\n  int a;\n  int b;\ny\n"]), [])
        self.assertEqual(found(tidy.check_blocks, page, ["int\n  a;\nint b;\n"]), [])
        self.assertEqual(len(found(tidy.check_blocks, page, ["uint a;\nint b;\n"])), 1)
        self.assertEqual(len(found(tidy.check_blocks, page, ["int a;\nint c;\nint b;\n"])), 1)
        self.assertEqual(len(found(tidy.check_blocks, page, ["int a;\nint bb;\n"])), 1)


class Tree(unittest.TestCase):
    def test_dead_files_are_found(self):
        files = {"src/base/a.hpp": "", "src/base/b.cpp": '#include "base/c.hpp"\n',
                 "src/base/c.hpp": "", "src/odd.cpp": ""}
        self.assertEqual([path for path, _, _ in tidy.check_dead(files)],
                         ["src/base/a.hpp", "src/odd.cpp"])

    def test_a_whole_tree_is_read(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "scripts").mkdir()
            (root / "scripts/layers.txt").write_text(
                "# SPDX-License-Identifier: MIT\nvalues\nbase* values\n")
            (root / "src/base").mkdir(parents=True)
            (root / "src/base/a.cpp").write_text("// SPDX-License-Identifier: MIT\nthrow;\n")
            (root / "docs/internals").mkdir(parents=True)
            (root / tidy.GLOSSARY).write_text('## Banned phrases\n\n* "in vain": x\n')
            (root / "README.md").write_text("```cpp\nint nowhere;\n```\n\nIn vain.\n")
            self.assertEqual([path for path, _, _ in tidy.findings(root)],
                             ["src/base/a.cpp", "README.md", "README.md"])

    def test_every_page_of_the_documentation_is_read(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "scripts").mkdir()
            (root / "scripts/layers.txt").write_text("values\n")
            (root / "docs/internals").mkdir(parents=True)
            (root / tidy.GLOSSARY).write_text("# Glossary\n")
            pages = ["docs/concepts.md", "docs/guide/a.md", "docs/how-to/b.md"]
            for page in pages:
                (root / page).parent.mkdir(parents=True, exist_ok=True)
                (root / page).write_text("```cpp\nint nowhere;\n```\n")
            reported = {path for path, _, text in tidy.findings(root) if "code block" in text}
            self.assertEqual(reported, set(pages))

    def test_a_link_leads_to_a_file(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "a.md"
            page.write_text("")
            text = "[a](a.md) [b](a.md#part) [c](#part) [d](https://b.example/c)\n[e](b/c.md)\n"
            self.assertEqual(list(tidy.check_links(page, text)), [(2, "a link to nothing: b/c.md")])


if __name__ == "__main__":
    unittest.main()
