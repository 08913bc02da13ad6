// SPDX-License-Identifier: MIT
#include "simulate/strategies/program_line.hpp"

#include <algorithm>
#include <array>

namespace drover::simulate {
namespace {

enum class takes : std::uint8_t { nothing, key, text };

struct word {
  std::string_view spelled;
  program_line::kind means;
  takes behind;
};

constexpr std::array<word, 7> words{{
    {"query", program_line::kind::query, takes::key},
    {"value", program_line::kind::value, takes::text},
    {"absent", program_line::kind::absent, takes::nothing},
    {"error", program_line::kind::error, takes::text},
    {"done", program_line::kind::done, takes::nothing},
    {"yes", program_line::kind::yes, takes::nothing},
    {"no", program_line::kind::no, takes::nothing},
}};

bool fits(takes behind, bool has_space, std::string_view text) noexcept {
  switch (behind) {
    case takes::nothing: return !has_space;
    case takes::key: return !text.empty();
    case takes::text: return true;
  }
  return false;
}

}  // namespace

program_line read_program_line(std::string_view line) noexcept {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::size_t space = line.find(' ');
  const bool has_space = space != std::string_view::npos;
  const std::string_view text = has_space ? line.substr(space + 1) : std::string_view{};
  const auto* const known = std::ranges::find(words, line.substr(0, space), &word::spelled);
  if (known == words.end() || !fits(known->behind, has_space, text)) {
    return {program_line::kind::unknown, line};
  }
  return {known->means, text};
}

std::string in_one_line(std::string_view text) {
  std::string line{text};
  std::ranges::replace_if(
      line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

}  // namespace drover::simulate
