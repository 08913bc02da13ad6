// SPDX-License-Identifier: MIT
#include "base/printing.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace drover::base::printing_test {
namespace {

using namespace std::string_view_literals;

TEST(escape, MakesBytesPrintable) {
  EXPECT_EQ(escape("plain ~", 100), "plain ~");
  EXPECT_EQ(escape("a\r\n\t\\\"\0\x1b\x7f\xff z"sv, 100), R"(a\r\n\t\\\"\x00\x1b\x7f\xff z)");
  EXPECT_EQ(escape("", 0), "");
}

TEST(printable, LeavesWhatIsEscapedAsItIs) {
  EXPECT_EQ(printable("a \\ \" b", 100), "a \\ \" b");
  EXPECT_EQ(printable("\r\n\t\0\x1b\x7f\xff"sv, 100), R"(\r\n\t\x00\x1b\x7f\xff)");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  const std::string once = escape(all, 2000);
  EXPECT_EQ(printable(once, 2000), once);
  EXPECT_EQ(printable(printable(all, 2000), 2000), printable(all, 2000));
  for (const std::size_t max : {0U, 3U, 10U, 200U}) EXPECT_LE(printable(all, max).size(), max);
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
    const std::string escaped = escape(bytes, max);
    EXPECT_LE(escaped.size(), max);
    EXPECT_GE(escaped.size() + 4, max < 200 ? max : 200);
  }
}

}  // namespace
}  // namespace drover::base::printing_test
