// SPDX-License-Identifier: MIT
// The values of settings in a fault script: times, shares, numbers, ranges and globs. Pure.
// nullopt: the text has another form, or the value is outside the limits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "fault/plan/fault_spec.hpp"

namespace drover::faults {

inline constexpr microseconds time_max = std::chrono::hours{1};

/// "250us", "20ms", "1.5s", "2m", "1h": a number with its unit, at most `time_max`.
[[nodiscard]] std::optional<microseconds> parse_time(std::string_view text);

/// "20ms", or "10ms..80ms".
[[nodiscard]] std::optional<std::pair<microseconds, microseconds>> parse_time_range(
    std::string_view text);

/// "10%" or "0.1": more than 0, at most 1.
[[nodiscard]] std::optional<double> parse_share(std::string_view text);

/// Decimal digits only.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t least,
                                                        std::uint64_t most);

/// "3", "3..5" or "3..": numbers from 1.
[[nodiscard]] std::optional<number_range> parse_number_range(std::string_view text);

/// Globs between commas; one that begins with ! excludes.
[[nodiscard]] std::optional<name_filter> parse_filter(std::string_view text);

/// "yes" or "no".
[[nodiscard]] std::optional<bool> parse_answer(std::string_view text);

}  // namespace drover::faults
