// SPDX-License-Identifier: MIT
#include "simulate/strategies/program_line.hpp"

#include <algorithm>
#include <array>

namespace drover::simulate {
namespace {

enum class operand_kind : std::uint8_t { nothing, key, text };

struct word {
  std::string_view spelling;
  program_line::kind kind;
  operand_kind operand;
};

constexpr std::array<word, 7> words{{
    {"query", program_line::kind::query, operand_kind::key},
    {"value", program_line::kind::value, operand_kind::text},
    {"absent", program_line::kind::absent, operand_kind::nothing},
    {"error", program_line::kind::error, operand_kind::text},
    {"done", program_line::kind::done, operand_kind::nothing},
    {"yes", program_line::kind::yes, operand_kind::nothing},
    {"no", program_line::kind::no, operand_kind::nothing},
}};

bool fits(operand_kind operand, bool has_space, std::string_view text) noexcept {
  switch (operand) {
    case operand_kind::nothing: return !has_space;
    case operand_kind::key: return !text.empty();
    case operand_kind::text: return true;
  }
  return false;
}

}  // namespace

program_line read_program_line(std::string_view line) noexcept {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::size_t space = line.find(' ');
  const bool has_space = space != std::string_view::npos;
  const std::string_view text = has_space ? line.substr(space + 1) : std::string_view{};
  const auto* const known = std::ranges::find(words, line.substr(0, space), &word::spelling);
  if (known == words.end() || !fits(known->operand, has_space, text)) {
    return {program_line::kind::unknown, line};
  }
  return {known->kind, text};
}

std::string in_one_line(std::string_view text) {
  std::string line{text};
  std::ranges::replace_if(
      line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

}  // namespace drover::simulate
