// SPDX-License-Identifier: MIT
#include "base/printing.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace drover::base {
namespace {

using namespace std::string_view_literals;

TEST(escape, MakesBytesPrintable) {
  EXPECT_EQ(escape("plain ~", 100), "plain ~");
  EXPECT_EQ(escape("a\r\n\t\\\"\0\x1b\x7f\xff z"sv, 100), R"(a\r\n\t\\\"\x00\x1b\x7f\xff z)");
  EXPECT_EQ(escape("", 0), "");
}

TEST(escape, NeverExceedsItsBound) {
  EXPECT_EQ(escape("abcdef", 6), "abcdef");
  EXPECT_EQ(escape("abcdefg", 6), "abc...");
  EXPECT_EQ(escape("ab\nef", 6), "ab\\nef");
  EXPECT_EQ(escape("ab\nefg", 6), "ab...");
  EXPECT_EQ(escape("\x01\x01", 6), "...");
  EXPECT_EQ(escape("abc", 2), "..");
  EXPECT_EQ(escape("abc", 0), "");
  const std::string bytes(50, '\x01');
  for (std::size_t max = 0; max < 250; ++max) {
    const std::string shown = escape(bytes, max);
    EXPECT_LE(shown.size(), max);
    EXPECT_GE(shown.size() + 4, max < 200 ? max : 200);
  }
}

}  // namespace
}  // namespace drover::base
