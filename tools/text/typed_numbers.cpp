// SPDX-License-Identifier: MIT
#include "text/typed_numbers.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <optional>

#include "text/usage_error.hpp"

namespace drover::text {
namespace {

[[noreturn]] void refuse(const std::string& option, std::string_view text,
                         const std::string& remedy) {
  throw usage_error{option + " '" + std::string{text} + "': " + remedy};
}

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

struct unit {
  std::string_view name;
  double ms;
};
constexpr std::array<unit, 4> units{{{"ms", 1.0}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}}};

std::string time_text(std::chrono::milliseconds time) {
  if (time.count() % 3'600'000 == 0) return std::to_string(time.count() / 3'600'000) + "h";
  if (time.count() % 1'000 == 0) return std::to_string(time.count() / 1'000) + "s";
  return std::to_string(time.count()) + "ms";
}

}  // namespace

std::vector<std::string> typed_list(const std::string& option, std::string_view text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (begin == end) refuse(option, text, "the list has an empty entry");
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::uint64_t typed_number(const std::string& option, std::string_view text, std::uint64_t least,
                           std::uint64_t most) {
  const auto number = number_in<std::uint64_t>(text);
  if (number && *number >= least && *number <= most) return *number;
  refuse(option, text,
         "must be an integer from " + std::to_string(least) + " to " + std::to_string(most));
}

std::chrono::milliseconds typed_time(const std::string& option, std::string_view text,
                                     std::chrono::milliseconds least,
                                     std::chrono::milliseconds most) {
  const std::size_t digits = text.find_first_not_of("0123456789.");
  const std::string_view suffix = digits == std::string_view::npos ? "s" : text.substr(digits);
  const auto number = number_in<double>(text.substr(0, digits));
  for (const unit& candidate : units) {
    if (!number || candidate.name != suffix) continue;
    const double ms = *number * candidate.ms;
    if (ms >= static_cast<double>(least.count()) && ms <= static_cast<double>(most.count())) {
      return std::chrono::milliseconds{std::llround(ms)};
    }
  }
  refuse(option, text,
         "must be a time from " + time_text(least) + " to " + time_text(most) +
             ", such as 500ms, 2s or 5m");
}

}  // namespace drover::text
