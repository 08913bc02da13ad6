// SPDX-License-Identifier: MIT
#include "simulate/report/sparkline.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace drover::simulate {
namespace {

constexpr std::array<std::string_view, 8> bars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<std::string_view, 8> ascii_bars{".", ":", "-", "=", "+", "*", "%", "#"};

}  // namespace

std::string sparkline(std::span<const std::uint32_t> numbers, std::uint32_t full, bool is_unicode) {
  const auto& levels = is_unicode ? bars : ascii_bars;
  std::string line;
  for (const std::uint32_t number : numbers) {
    if (number == 0) {
      line += ' ';
      continue;
    }
    const std::uint64_t top = std::max<std::uint32_t>(full, 1);
    const std::uint64_t level = (std::uint64_t{number} * levels.size() + top - 1) / top;
    line += levels[std::min<std::uint64_t>(level, levels.size()) - 1];
  }
  return line;
}

}  // namespace drover::simulate
