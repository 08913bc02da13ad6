// SPDX-License-Identifier: MIT
// How the reports say things: times, counts, and one sentence about each strategy. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "measure/simulation.hpp"

namespace drover::simulate {

/// Three digits at most: "0.4 ms", "1.7 ms", "52 ms", "2.05 s", "12.5 s".
[[nodiscard]] std::string in_words(std::chrono::nanoseconds time);

/// "1", "200", "10,000".
[[nodiscard]] std::string in_words(std::uint64_t number);

/// "1 query", "10,000 queries".
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view one,
                                  std::string_view many);

/// One line, without what a terminal would take for a command; a long text is cut.
[[nodiscard]] std::string one_line(std::string_view text);

/// What one cold event cost, or from the cheapest to the dearest: "1", "1-37".
[[nodiscard]] std::string per_event(const measurement& found);

/// The database's count; the tool's as well where it is another: "12 (tool: 10)".
[[nodiscard]] std::string queries_in_words(const measurement& found);

/// No cold event cost more than one query, and one more for each that was cut off with its process.
[[nodiscard]] bool is_one_load(const measurement& found);

/// One sentence: what happened, and why.
[[nodiscard]] std::string verdict(const strategy_result& of);

/// "met: errors=0", "not met: errors=0 (found 3)".
[[nodiscard]] std::string in_words(const check& of);

/// "cold", "fault", "mended", "change"
[[nodiscard]] std::string_view name_of(mark_kind kind);

/// "uniform:20-80" or 2.5, as it was given.
[[nodiscard]] std::string in_words(const parameter_value& value);

}  // namespace drover::simulate
