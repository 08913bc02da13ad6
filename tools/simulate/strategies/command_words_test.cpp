// SPDX-License-Identifier: MIT
#include "simulate/strategies/command_words.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include "base/random.hpp"

namespace drover::simulate::command_words_test {
namespace {

using words = std::vector<std::string>;

std::string complaint_about(std::string_view command) {
  try {
    static_cast<void>(split_words(command));
    return "";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(simulate_command_words, ArePartedByWhiteSpaceOfAnyKindAndLength) {
  EXPECT_EQ(split_words("  a bc\t\n d "), (words{"a", "bc", "d"}));
}

TEST(simulate_command_words, KeepTheirQuotedWhiteSpace) {
  EXPECT_EQ(split_words(R"('a b' "c  d" e\ f)"), (words{"a b", "c  d", "e f"}));
  EXPECT_EQ(split_words(R"(pre'a b'"c d"post)"), (words{"prea bc dpost"}));
}

TEST(simulate_command_words, MayBeEmptyWhenTheyAreQuoted) {
  EXPECT_EQ(split_words(R"(a '' "" b)"), (words{"a", "", "", "b"}));
}

TEST(simulate_command_words, KnowABackslashAsAShellDoes) {
  EXPECT_EQ(split_words(R"(\a \\ \" \')"), (words{"a", "\\", "\"", "'"}));
  EXPECT_EQ(split_words(R"('\a\\')"), (words{R"(\a\\)"}));
  EXPECT_EQ(split_words(R"("\a \\ \" \$ \`")"), (words{R"(\a \ " $ `)"}));
}

TEST(simulate_command_words, DoNothingElseThatAShellDoes) {
  EXPECT_EQ(split_words("$HOME * ~ a|b >c #d `e`"),
            (words{"$HOME", "*", "~", "a|b", ">c", "#d", "`e`"}));
}

TEST(simulate_command_words, AreRefusedWithWhatIsWrong) {
  EXPECT_EQ(complaint_about(""), "the command is empty");
  EXPECT_EQ(complaint_about(" \t "), "the command is empty");
  EXPECT_EQ(complaint_about("a 'b"), "a ' has no end");
  EXPECT_EQ(complaint_about("a \"b"), "a \" has no end");
  EXPECT_EQ(complaint_about("a \"b\\"), "a \" has no end");
  EXPECT_EQ(complaint_about("a\\"), "the command ends in a backslash");
}

std::string quoted(const std::string& word, std::uint64_t choices) {
  std::string text;
  switch (choices % 3) {
    case 0:
      for (const char c : word) text += c == '\'' ? std::string{"'\\''"} : std::string{c};
      return "'" + text + "'";
    case 1:
      for (const char c : word) {
        text += std::string_view{"\"\\$`"}.find(c) == std::string_view::npos ? "" : "\\";
        text += c;
      }
      return '"' + text + '"';
    default:
      for (const char c : word) text += {'\\', c};
      return word.empty() ? "''" : text;
  }
}

TEST(simulate_command_words, ComeBackHoweverTheyWereQuoted) {
  base::seeded_random random{7};
  constexpr std::string_view letters = "ab'\"\\$` \t\n{}";
  for (int round = 0; round < 2000; ++round) {
    words expected(1 + random.next() % 4);
    std::string command;
    for (std::string& word : expected) {
      for (auto length = random.next() % 6; length > 0; --length) {
        word += letters[random.next() % letters.size()];
      }
      command += std::string(1 + random.next() % 2, ' ') + quoted(word, random.next());
    }
    EXPECT_EQ(split_words(command), expected) << command;
  }
}

TEST(simulate_blanks, AreFilledInWhereverTheyStand) {
  const words expected{"{redis}", "--key={key}", "{key}{key}", "plain", ""};
  const std::array<blank, 2> blanks{{{"{redis}", "redis://h"}, {"{key}", "k"}}};
  EXPECT_EQ(fill_blanks(expected, blanks), (words{"redis://h", "--key=k", "kk", "plain", ""}));
}

TEST(simulate_blanks, AreNotLookedForInWhatWasFilledIn) {
  const std::array<blank, 2> blanks{{{"{redis}", "{key}"}, {"{key}", "{redis}"}}};
  EXPECT_EQ(fill_blanks(words{"{redis} {key}"}, blanks), (words{"{key} {redis}"}));
}

TEST(simulate_blanks, ThatNobodyKnowsStay) {
  const std::array<blank, 1> blanks{{{"{key}", "k"}}};
  EXPECT_EQ(fill_blanks(words{"{\"a\":1} {other} {key", "{{key}}"}, blanks),
            (words{"{\"a\":1} {other} {key", "{k}"}));
}

}  // namespace
}  // namespace drover::simulate::command_words_test
