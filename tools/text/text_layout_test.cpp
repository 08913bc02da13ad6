// SPDX-License-Identifier: MIT
#include "text/text_layout.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace drover::text::text_layout_test {
namespace {

TEST(text_layout, CountsCharactersNotBytes) {
  EXPECT_EQ(columns_of(""), 0U);
  EXPECT_EQ(columns_of("abc"), 3U);
  EXPECT_EQ(columns_of("a▁█"), 3U);
}

TEST(text_layout, ClipsBetweenCharacters) {
  EXPECT_EQ(clipped("abc", 5), "abc");
  EXPECT_EQ(clipped("abc", 3), "abc");
  EXPECT_EQ(clipped("abc", 2), "ab");
  EXPECT_EQ(clipped("▁█x", 2), "▁█");
  EXPECT_EQ(clipped("abc", 0), "");
}

TEST(text_layout, WrapsAtBlanksAndIndents) {
  EXPECT_EQ(wrapped("one two three", 80, 2), "one two three");
  EXPECT_EQ(wrapped("one two three", 7, 2), "one two\n  three");
  EXPECT_EQ(wrapped("one  two", 3, 0), "one\ntwo");
  EXPECT_EQ(wrapped("unbreakable it is", 5, 0), "unbreakable\nit is");
  EXPECT_EQ(wrapped("", 5, 0), "");
}

TEST(text_layout, WrapsNoLineBeyondItsWidth) {
  const std::string text = "the quick brown fox jumps over the lazy dog and then over another one";
  for (std::size_t width = 10; width < 40; ++width) {
    std::istringstream lines{wrapped(text, width, 3)};
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), width) << line;
  }
}

TEST(text_layout, AlignsColumns) {
  table layout{{align::left, align::right, align::left}};
  layout.add({{""}, {"n"}, {"what"}});
  layout.add({{"a"}, {"200"}, {"▁█"}});
  layout.add({{"long"}, {"1"}});
  EXPECT_EQ(layout.text({}), "        n  what\na     200  ▁█\nlong    1\n");
  EXPECT_EQ(layout.width_before_last(), 4U + 2 + 3 + 2);
}

TEST(text_layout, LeavesNoBlanksAtTheEndsOfLines) {
  table layout{{align::left, align::left}};
  layout.add({{"a"}, {"  # "}});
  layout.add({{"b"}, {"   "}});
  EXPECT_EQ(layout.text({}), "a    #\nb\n");
}

TEST(text_layout, ColoursDoNotShiftColumns) {
  table layout{{align::right, align::left}};
  layout.add({{"1", style::good}, {"x"}});
  layout.add({{"200", style::bad}, {"y"}});
  const terminal coloured{.has_colour = true};
  EXPECT_EQ(layout.text(coloured), "  \x1b[32m1\x1b[0m  x\n\x1b[31m200\x1b[0m  y\n");
}

}  // namespace
}  // namespace drover::text::text_layout_test
