// SPDX-License-Identifier: MIT
#include "text/words.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "base/printing.hpp"
#include "text/utf8.hpp"

namespace drover::text {
namespace {

constexpr std::size_t line_max = 300;

std::string with_digits(double number, int decimals, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f %s", decimals, number, unit);
  return text;
}

}  // namespace

std::string in_words(std::chrono::nanoseconds time) {
  const double ms = static_cast<double>(time.count()) / 1e6;
  if (ms < 9.95) return with_digits(ms, 1, "ms");
  if (ms < 999.5) return with_digits(ms, 0, "ms");
  if (ms < 9995) return with_digits(ms / 1e3, 2, "s");
  return with_digits(ms / 1e3, 1, "s");
}

std::string in_words(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t left = digits.size(); left > 3;) {
    left -= 3;
    digits.insert(left, ",");
  }
  return digits;
}

std::string counted(std::uint64_t number, std::string_view singular, std::string_view plural) {
  return in_words(number) + ' ' + std::string{number == 1 ? singular : plural};
}

std::string one_line(std::string_view text) {
  std::string line;
  while (!text.empty() && line.size() < line_max) {
    const std::size_t length = utf8_length(text);
    if (length == 0) {
      line += '?';
    } else if (is_unseen(text.substr(0, length))) {
      line += ' ';
    } else {
      line += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text.empty() ? line : line + "...";
}

std::string visible(std::string_view text, std::size_t max) {
  constexpr std::string_view cut = "...";
  std::string line;
  std::size_t fitting = 0;  // whole characters that fit before the mark
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    line += length == 0 || is_unseen(character) ? base::escape(character, SIZE_MAX)
                                                : std::string{character};
    if (line.size() + cut.size() <= max) fitting = line.size();
    if (line.size() > max) {
      line.resize(fitting);
      line += cut.substr(0, max);
      return line;
    }
    text.remove_prefix(character.size());
  }
  return line;
}

}  // namespace drover::text
