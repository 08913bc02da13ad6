// SPDX-License-Identifier: MIT
// The number forms of RESP: lengths, integers, reals and big numbers. Strict, because a reader that
// is more tolerant than its peer may see other message boundaries.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace drover::resp {

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The number of digits at the beginning of `text`.
[[nodiscard]] constexpr std::size_t count_digits(std::string_view text) noexcept {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) ++n;
  return n;
}

/// A length or count: decimal without sign or leading zeros, at most 18 digits.
[[nodiscard]] constexpr std::optional<std::int64_t> parse_length(std::string_view text) noexcept {
  if (text.empty() || text.size() > 18 || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// An integer value: optional sign, digits, within 64 bits.
[[nodiscard]] inline std::optional<std::int64_t> parse_integer(std::string_view text) noexcept {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, value);
  if (code != std::errc{} || stop != end) return std::nullopt;
  return value;
}

/// Optional sign and digits, of any length.
[[nodiscard]] constexpr bool is_big_number(std::string_view text) noexcept {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && count_digits(text) == text.size();
}

/// [sign] digits [. digits] [e [sign] digits], or inf, -inf, nan; -nan too, which Redis before 7.2
/// prints.
[[nodiscard]] constexpr bool is_real(std::string_view text) noexcept {
  if (text == "inf" || text == "-inf" || text == "nan" || text == "-nan") return true;
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  const std::size_t whole = count_digits(text);
  if (whole == 0) return false;
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    const std::size_t fraction = count_digits(text.substr(1));
    if (fraction == 0) return false;
    text.remove_prefix(1 + fraction);
  }
  if (text.empty()) return true;
  return (text[0] == 'e' || text[0] == 'E') && is_big_number(text.substr(1));
}

}  // namespace drover::resp
