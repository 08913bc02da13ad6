// SPDX-License-Identifier: MIT
#include "text/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::text::utf8_test {
namespace {

std::string encoded(unsigned code) {
  const auto byte = [](unsigned bits) { return static_cast<char>(bits); };
  const auto tail = [&](unsigned shift) { return byte(0x80U | ((code >> shift) & 0x3FU)); };
  if (code < 0x80) return {byte(code)};
  if (code < 0x800) return {byte(0xC0U | (code >> 6U)), tail(0)};
  if (code < 0x10000) return {byte(0xE0U | (code >> 12U)), tail(6), tail(0)};
  return {byte(0xF0U | (code >> 18U)), tail(12), tail(6), tail(0)};
}

TEST(utf8, KnowsCharactersAndNoSurrogate) {
  // Between U+10FF0 and U+10FF00 the loop tests only every 251st code.
  for (unsigned code = 0; code <= 0x110100; code += code < 0x10FF0 || code > 0x10FF00 ? 1 : 251) {
    const bool is_character = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    const std::string text = encoded(code);
    ASSERT_EQ(utf8_length(text + "x"), is_character ? text.size() : 0) << code;
    if (is_character && code >= 0x80) {
      ASSERT_EQ(utf8_length(text.substr(0, text.size() - 1)), 0U) << code;
    }
  }
}

TEST(utf8, RefusesWhatIsNone) {
  for (const char* const text : {"", "\x80", "\xBF", "\xFF", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80",
                                 "\xF0\x80\x80\x80", "\xC3(", "\xE2\x82("}) {
    EXPECT_EQ(utf8_length(text), 0U);
  }
}

}  // namespace
}  // namespace drover::text::utf8_test
