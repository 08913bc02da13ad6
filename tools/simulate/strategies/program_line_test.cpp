// SPDX-License-Identifier: MIT
#include "simulate/strategies/program_line.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace drover::simulate::program_line_test {
namespace {

using kind = program_line::kind;

TEST(simulate_program_line, IsAWordAndWhatStandsBehindIt) {
  EXPECT_EQ(read_program_line("query a:b"), (program_line{kind::query, "a:b"}));
  EXPECT_EQ(read_program_line("value {\"a\": 1}"), (program_line{kind::value, "{\"a\": 1}"}));
  EXPECT_EQ(read_program_line("error it broke"), (program_line{kind::error, "it broke"}));
  EXPECT_EQ(read_program_line("absent"), (program_line{kind::absent, ""}));
  EXPECT_EQ(read_program_line("done"), (program_line{kind::done, ""}));
  EXPECT_EQ(read_program_line("yes"), (program_line{kind::yes, ""}));
  EXPECT_EQ(read_program_line("no"), (program_line{kind::no, ""}));
}

TEST(simulate_program_line, MayHaveAnEmptyValueAndKeepsItsSpaces) {
  EXPECT_EQ(read_program_line("value"), (program_line{kind::value, ""}));
  EXPECT_EQ(read_program_line("value "), (program_line{kind::value, ""}));
  EXPECT_EQ(read_program_line("value  a "), (program_line{kind::value, " a "}));
}

TEST(simulate_program_line, MayEndAsOnWindows) {
  EXPECT_EQ(read_program_line("value a\r"), (program_line{kind::value, "a"}));
  EXPECT_EQ(read_program_line("absent\r"), (program_line{kind::absent, ""}));
}

TEST(simulate_program_line, IsUnknownWhenItIsNothingOfTheConversation) {
  for (const std::string_view line :
       {"", " ", "Value a", "values a", "absent x", "absent ", "done now", "query", "query ",
        "yes no", "unknown", " value a", "value\ta"}) {
    EXPECT_EQ(read_program_line(line), (program_line{kind::unknown, line})) << line;
  }
}

TEST(simulate_program_line, OfAnyBytesIsUnknownOrBeginsWithItsWord) {
  base::seeded_random random{11};
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (auto length = random.next() % 12; length > 0; --length) {
      text += static_cast<char>(random.next());
    }
    EXPECT_EQ(read_program_line("value " + text + '\r').text, text);
    const program_line parsed = read_program_line(text);
    if (parsed.type == kind::unknown) continue;
    EXPECT_TRUE(text.ends_with(parsed.text) || text.ends_with('\r')) << text;
  }
}

TEST(simulate_program_line, HasNoLineEndsOfATextInIt) {
  EXPECT_EQ(in_one_line("a\nb\r\nc"), "a b  c");
}

}  // namespace
}  // namespace drover::simulate::program_line_test
