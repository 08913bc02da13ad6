# SPDX-License-Identifier: MIT
"""The tests of scripts/reference: scripts/reference --self-test."""

import importlib.machinery
import importlib.util
import pathlib
import unittest

PATH = pathlib.Path(__file__).resolve().parent / "reference"
LOADER = importlib.machinery.SourceFileLoader("reference", str(PATH))
reference = importlib.util.module_from_spec(importlib.util.spec_from_loader("reference", LOADER))
LOADER.exec_module(reference)


def page(text):
    """The section of one header on the page."""
    return reference.page({"a": text}).split("## drover/a.hpp\n", 1)[1].strip()


class Page(unittest.TestCase):
    def test_a_class_shows_its_public_members(self):
        text = page("""
            namespace drover {
            namespace detail {
            struct hidden { int x; };
            }
            /// Counts.
            ///
            /// Threads: any.
            class counter {
             public:
              counter(const counter&) = delete;
              /// Starts at `from`.
              explicit counter(int from) : value_{from}, other_{1} {}
              /// The count.
              ///
              /// Throws:  nothing, and
              ///          never.
              [[nodiscard]] int value(const options& with = {}) const { return f("}"); }
             private:
              int secret() { return 1; }
              int value_;
            };
            }  // namespace drover
            """)
        self.assertIn("### class counter\n", text)
        self.assertIn("- **Threads**: any.", text)
        self.assertIn("```c++\nexplicit counter(int from);\n```\n\nStarts at `from`.", text)
        self.assertIn("```c++\nint value(const options& with = {}) const;\n```", text)
        self.assertIn("- **Throws**: nothing, and never.", text)
        for hidden in ("hidden", "secret", "value_", "delete"):
            self.assertNotIn(hidden, text)

    def test_members_of_a_struct_are_a_list(self):
        text = page("""
            /// Options.
            struct options {
              std::string url = "redis://a";  ///< where it is
              /// How many,
              /// at most.
              int count{std::size_t{1} << 2U};
              std::function<void(int task)> run{};
            };
            """)
        self.assertIn('Members:\n\n- `std::string url = "redis://a"`: where it is\n'
                      "- `int count{std::size_t{1} << 2U}`: How many, at most.\n"
                      "- `std::function<void(int task)> run{}`", text)

    def test_values_of_an_enum_are_a_list(self):
        text = page("""
            /// Codes.
            enum class code : int {
              first,  ///< the first
              /// The second.
              second = 2,
              third
            };
            """)
        self.assertTrue(text.endswith("- `first`: the first\n- `second`: The second.\n- `third`"))

    def test_lists_in_a_field_stay_in_it(self):
        doc = [" Blocks:  at most", "            - one, or", "              more;",
               "            - two.", "          Never else.", " Threads: any."]
        self.assertEqual(reference.document(doc),
                         "- **Blocks**: at most\n  - one, or more;\n  - two.\n\n  Never else.\n"
                         "- **Threads**: any.")

    def test_indented_code_is_a_block(self):
        doc = [" Write:", "", "     struct a {", "       int b;", "     };", "", " Text a<b>."]
        self.assertEqual(reference.document(doc),
                         "Write:\n\n```c++\nstruct a {\n  int b;\n};\n```\n\nText a\\<b>.")

    def test_aliases_concepts_and_functions_have_sections(self):
        text = page("""
            /// Times.
            using duration = std::chrono::milliseconds;
            /// A name.
            constexpr std::string_view to_string(code which) noexcept { switch (which) {} }
            /// Can be stored.
            template <class T>
            concept storable = requires(T value) { f(value); };
            """)
        for heading in ("alias duration", "function to_string(code)", "concept storable"):
            self.assertIn(f"### {heading}\n", text)


if __name__ == "__main__":
    unittest.main()
