// SPDX-License-Identifier: MIT
// Bytes as hexadecimal digits, for tests of exact formats.
#pragma once

#include <cctype>
#include <string>
#include <string_view>

namespace drover::entry {

/// The bytes that the digits of `text` give. All other characters are skipped.
[[nodiscard]] inline std::string bytes_of_hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string bytes;
  bool half = false;
  unsigned value = 0;
  for (const char c : text) {
    const auto digit = digits.find(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    if (digit == std::string_view::npos) continue;
    value = value * 16 + static_cast<unsigned>(digit);
    if (half) {
      bytes += static_cast<char>(static_cast<unsigned char>(value));
      value = 0;
    }
    half = !half;
  }
  return bytes;
}

/// `bytes` as lower-case digits without spaces.
[[nodiscard]] inline std::string hex_of_bytes(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4U];
    text += digits[byte & 0x0FU];
  }
  return text;
}

}  // namespace drover::entry
