// SPDX-License-Identifier: MIT
#include "text/terminal.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace drover::text::terminal_test {
namespace {

using variables = std::map<std::string, std::string>;

variable_lookup in(const variables& set) {
  return [&set](const char* name) -> std::optional<std::string> {
    const auto variable = set.find(name);
    if (variable == set.end()) return std::nullopt;
    return variable->second;
  };
}

terminal described(bool is_tty, std::optional<std::size_t> width, const variables& set) {
  return describe_terminal(is_tty, width, in(set));
}

TEST(terminal, IsLiveAndColouredOnATerminal) {
  const terminal output = described(true, 100, {{"TERM", "xterm"}});
  EXPECT_TRUE(output.is_live);
  EXPECT_TRUE(output.has_colour);
  EXPECT_EQ(output.width, 100U);
}

TEST(terminal, IsPlainInAPipe) {
  const terminal output = described(false, std::nullopt, {{"TERM", "xterm"}});
  EXPECT_FALSE(output.is_live);
  EXPECT_FALSE(output.has_colour);
  EXPECT_EQ(output.width, 80U);
}

TEST(terminal, IsPlainWhereTheTerminalIsDumbOrUnknown) {
  EXPECT_FALSE(described(true, 80, {{"TERM", "dumb"}}).is_live);
  EXPECT_FALSE(described(true, 80, {}).has_colour);
}

TEST(terminal, HonoursNoColorUnlessItIsEmpty) {
  const terminal output = described(true, 80, {{"TERM", "xterm"}, {"NO_COLOR", "1"}});
  EXPECT_FALSE(output.has_colour);
  EXPECT_TRUE(output.is_live);
  EXPECT_TRUE(described(true, 80, {{"TERM", "xterm"}, {"NO_COLOR", ""}}).has_colour);
}

TEST(terminal, TakesItsWidthFromTheWindowThenFromColumnsWithinReason) {
  EXPECT_EQ(described(true, 60, {{"COLUMNS", "90"}}).width, 60U);
  EXPECT_EQ(described(true, 0, {{"COLUMNS", "90"}}).width, 90U);
  EXPECT_EQ(described(false, std::nullopt, {{"COLUMNS", "90"}}).width, 90U);
  EXPECT_EQ(described(false, std::nullopt, {{"COLUMNS", "wide"}}).width, 80U);
  EXPECT_EQ(described(true, 3, {}).width, 20U);
  EXPECT_EQ(described(true, 400, {}).width, 120U);
}

TEST(terminal, KeepsToAsciiWhereTheLocaleSaysSo) {
  EXPECT_TRUE(described(false, std::nullopt, {}).is_unicode);
  EXPECT_TRUE(described(false, std::nullopt, {{"LANG", "de_DE.UTF-8"}}).is_unicode);
  EXPECT_FALSE(described(false, std::nullopt, {{"LANG", "C"}}).is_unicode);
  EXPECT_FALSE(
      described(false, std::nullopt, {{"LC_ALL", "POSIX"}, {"LANG", "C.UTF-8"}}).is_unicode);
  EXPECT_TRUE(described(false, std::nullopt, {{"LC_ALL", ""}, {"LANG", "C.UTF-8"}}).is_unicode);
}

TEST(terminal, PaintsOnlyWhereThereIsColour) {
  terminal output;
  EXPECT_EQ(painted("200", style::bad, output), "200");
  output.has_colour = true;
  EXPECT_EQ(painted("200", style::bad, output), "\x1b[31m200\x1b[0m");
  EXPECT_EQ(painted("200", style::plain, output), "200");
  EXPECT_EQ(painted("", style::bad, output), "");
}

}  // namespace
}  // namespace drover::text::terminal_test
