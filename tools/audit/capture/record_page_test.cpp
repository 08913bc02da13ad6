// SPDX-License-Identifier: MIT
// Checks that docs/reference/audit-record.md names all kinds of records and their members, and that
// its examples have the format that is written.
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>

#include "audit/capture/record_names.hpp"
#include "audit/capture/record_text.hpp"
#include "audit/capture/sample_for_test.hpp"
#include "support/document.hpp"

namespace drover::audit::record_page_test {
namespace {

std::string page_text() { return test::document("docs/reference/audit-record.md"); }

std::string section_of(const std::string& page, std::string_view kind) {
  const std::string heading = "### `" + std::string{kind} + "`\n";
  return std::string{test::part_between(page + "\n### ", heading, "\n### ")};
}

std::set<std::string> described_members(const std::string& section) {
  std::set<std::string> out;
  std::istringstream lines{section};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("| `")) out.emplace(test::part_between(line, "| `", "` |"));
  }
  return out;
}

/// The names of the members of a line, without those of nested objects.
std::set<std::string> written_members(const std::string& line) {
  std::set<std::string> out;
  int depth = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    depth += (c == '{' || c == '[') ? 1 : (c == '}' || c == ']') ? -1 : 0;
    if (c != '"') continue;
    const std::size_t from = at + 1;
    for (++at; line[at] != '"'; ++at) at += line[at] == '\\' ? 1U : 0U;
    if (depth == 1 && line[at + 1] == ':') out.insert(line.substr(from, at - from));
  }
  out.erase("record");
  return out;
}

TEST(audit_record_page, DescribesExactlyTheMembersThatAreWritten) {
  const std::string page = page_text();
  sample::material from{1};
  for (std::size_t kind = 0; kind < record_names.size(); ++kind) {
    const auto described = described_members(section_of(page, record_names[kind]));
    std::set<std::string> written;
    for (unsigned round = 0; round < 50; ++round) {  // enough for each optional member to occur
      std::string line;
      append_line(line, sample::any_record(from, kind, round + 1));
      written.merge(written_members(line));
    }
    EXPECT_EQ(described, written) << record_names[kind];
  }
}

TEST(audit_record_page, ShowsAnExampleOfEveryKindAsItIsWritten) {
  const std::string page = page_text();
  for (std::size_t kind = 0; kind < record_names.size(); ++kind) {
    std::istringstream lines{
        std::string{test::part_between(section_of(page, record_names[kind]), "```json\n", "```")}};
    unsigned example_count = 0;
    for (std::string line; std::getline(lines, line); ++example_count) {
      const auto read = read_line(line);
      ASSERT_TRUE(read) << read.error().text << ": " << line;
      EXPECT_EQ(read->index(), kind);
      std::string again;
      append_line(again, *read);
      EXPECT_EQ(again, line + "\n");
    }
    EXPECT_GE(example_count, 1U) << record_names[kind];
  }
}

TEST(audit_record_page, ListsEveryWord) {
  const std::string page = page_text();
  const auto expect_all = [&page](const auto& names) {
    for (const std::string_view name : names) {
      EXPECT_NE(page.find("`" + std::string{name} + "`"), std::string::npos) << name;
    }
  };
  expect_all(shape_names);
  expect_all(reply_names);
  expect_all(purpose_names);
  expect_all(success_names);
  expect_all(act_names);
}

}  // namespace
}  // namespace drover::audit::record_page_test
