// SPDX-License-Identifier: MIT
#include "fault/plan/spec_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace drover::faults {
namespace {

struct time_unit {
  std::string_view name;
  double us;
};
constexpr std::array<time_unit, 5> time_units{
    {{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"h", 3600e6}}};

/// Digits with at most one point: no sign, no exponent, no inf.
std::optional<double> parse_decimal(std::string_view text) {
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string_view::npos) {
    return std::nullopt;
  }
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return number;
}

}  // namespace

std::optional<microseconds> parse_time(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = parse_decimal(text.substr(0, digits));
  const auto unit = std::ranges::find(time_units, text.substr(digits), &time_unit::name);
  if (!number || unit == time_units.end()) return std::nullopt;
  const double us = *number * unit->us;
  if (us > static_cast<double>(time_max.count())) return std::nullopt;
  return microseconds{std::llround(us)};
}

std::optional<std::pair<microseconds, microseconds>> parse_time_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  const auto low = parse_time(text.substr(0, dots));
  const auto high = dots == std::string_view::npos ? low : parse_time(text.substr(dots + 2));
  if (!low || !high || *high < *low) return std::nullopt;
  return std::pair{*low, *high};
}

std::optional<double> parse_share(std::string_view text) {
  const bool is_percent = text.ends_with('%');
  if (is_percent) text.remove_suffix(1);
  const auto number = parse_decimal(text);
  if (!number) return std::nullopt;
  const double share = is_percent ? *number / 100 : *number;
  if (!(share > 0) || share > 1) return std::nullopt;
  return share;
}

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t least,
                                          std::uint64_t most) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stopped != end || number < least || number > most) {
    return std::nullopt;
  }
  return number;
}

std::optional<number_range> parse_number_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  const auto first = parse_number(text.substr(0, dots), 1, no_maximum);
  if (!first) return std::nullopt;
  if (dots == std::string_view::npos) return number_range{*first, *first};
  const std::string_view end = text.substr(dots + 2);
  if (end.empty()) return number_range{*first, no_maximum};
  const auto last = parse_number(end, *first, no_maximum);
  if (!last) return std::nullopt;
  return number_range{*first, *last};
}

std::optional<name_filter> parse_filter(std::string_view text) {
  name_filter filter;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string_view glob = text.substr(begin, end - begin);
    const bool is_excluded = glob.starts_with('!');
    if (is_excluded) glob.remove_prefix(1);
    if (glob.empty()) return std::nullopt;
    (is_excluded ? filter.excluded : filter.included).emplace_back(glob);
    begin = end + 1;
  }
  return filter;
}

std::optional<bool> parse_answer(std::string_view text) {
  if (text == "yes") return true;
  if (text == "no") return false;
  return std::nullopt;
}

}  // namespace drover::faults
