// SPDX-License-Identifier: MIT
#include "text/words.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::text::words_test {
namespace {

using namespace std::chrono_literals;

TEST(words, SaysTimesInThreeDigits) {
  EXPECT_EQ(in_words(0ns), "0.0 ms");
  EXPECT_EQ(in_words(1740us), "1.7 ms");
  EXPECT_EQ(in_words(9960us), "10 ms");
  EXPECT_EQ(in_words(999600us), "1.00 s");
  EXPECT_EQ(in_words(12540ms), "12.5 s");
}

TEST(words, SaysNumbersWithCommas) {
  EXPECT_EQ(in_words(std::uint64_t{0}), "0");
  EXPECT_EQ(in_words(std::uint64_t{999}), "999");
  EXPECT_EQ(in_words(std::uint64_t{1000}), "1,000");
  EXPECT_EQ(in_words(std::uint64_t{1234567}), "1,234,567");
}

TEST(words, MakesOneHarmlessLineOfAnything) {
  EXPECT_EQ(one_line("a\nb\x1b[0m\x7f\xC2\x9B\xC2\xA0\xff"), "a b [0m  \xC2\xA0?");
  EXPECT_EQ(one_line("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(one_line("a\xE2\x80\xAE"
                     "b"),
            "a b");
  EXPECT_LE(one_line(std::string(5000, 'x')).size(), 303U);
}

TEST(words, ShowWhatIsInANameAndCannotBeSeen) {
  EXPECT_EQ(visible("gr\xC3\xBC\xC3\x9F:1", 50), "gr\xC3\xBC\xC3\x9F:1");
  EXPECT_EQ(visible("a\n\x1b[0m\xff\xC2\x9B", 50), "a\\n\\x1b[0m\\xff\\xc2\\x9b");
  EXPECT_EQ(visible("\xE2\x80\xAE\xE2\x80\x8B\xEF\xBF\xBF\xEF\xBB\xBF", 99),
            "\\xe2\\x80\\xae\\xe2\\x80\\x8b\\xef\\xbf\\xbf\\xef\\xbb\\xbf");
  EXPECT_EQ(visible("App\\Models\\User:1", 50), "App\\Models\\User:1");
}

TEST(words, CutANameBetweenCharacters) {
  EXPECT_EQ(visible("abcdef", 6), "abcdef");
  EXPECT_EQ(visible("abcdefg", 6), "abc...");
  EXPECT_EQ(visible("\xC3\xBC\xC3\xBC\xC3\xBC", 5), "\xC3\xBC...");
  for (std::size_t max = 0; max < 12; ++max) {
    EXPECT_LE(visible("a\x1b\xC3\xBC\xE2\x80\xAE!", max).size(), max);
  }
}

}  // namespace
}  // namespace drover::text::words_test
