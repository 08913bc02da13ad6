// SPDX-License-Identifier: MIT
// Tests that docs/internals/lease-protocol.md describes every script and all its arguments.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "lease/scripts.hpp"
#include "support/document.hpp"

namespace drover::test::lease_protocol_test {
namespace {

std::string page_text() { return document("docs/internals/lease-protocol.md"); }

/// The highest n of ARGV[n] in a script.
std::size_t arguments_of(std::string_view text) {
  std::size_t most = 0;
  for (std::size_t at = text.find("ARGV["); at != std::string_view::npos;
       at = text.find("ARGV[", at + 1)) {
    most = std::max(most, std::size_t{std::stoul(std::string{text.substr(at + 5, 2)})});
  }
  return most;
}

/// The first column of the ARGV table in a script's section.
std::vector<std::string> argument_rows(std::string_view section) {
  std::vector<std::string> rows;
  std::istringstream table{
      std::string{part_between(section, "| ARGV | what |\n|---:|---|\n", "\n\n")}};
  for (std::string row; std::getline(table, row);) {
    rows.emplace_back(part_between(row, "| ", " |"));
  }
  return rows;
}

TEST(lease_protocol_page, DescribesEveryScriptWithAllItsArguments) {
  const std::string page = page_text();
  for (const lease::script& script : lease::scripts()) {
    const std::string heading = "### `" + std::string{script.name} + "`\n";
    const std::string_view section = part_between(page, heading, "\n##");
    ASSERT_FALSE(section.empty()) << script.name;
    std::vector<std::string> expected;
    for (std::size_t i = 1; i <= arguments_of(script.text); ++i) {
      expected.push_back(std::to_string(i));
    }
    EXPECT_EQ(argument_rows(section), expected) << script.name;
  }
}

TEST(lease_protocol_page, DescribesNoOtherScriptAndKeepsTheirOrder) {
  const std::string page = page_text();
  std::vector<std::string> described;
  for (std::string_view rest = page;;) {
    const std::size_t at = rest.find("\n### `");
    if (at == std::string_view::npos) break;
    rest.remove_prefix(at + 1);
    described.emplace_back(part_between(rest, "### `", "`\n"));
  }
  std::vector<std::string> known;
  for (const lease::script& script : lease::scripts()) known.emplace_back(script.name);
  EXPECT_EQ(described, known);
}

}  // namespace
}  // namespace drover::test::lease_protocol_test
