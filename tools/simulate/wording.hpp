// SPDX-License-Identifier: MIT
// How the tool says things: times, counts, and one sentence about each run. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "simulate/measurement.hpp"
#include "simulate/strategy.hpp"

namespace drover::simulate {

/// Three digits at most: "0.4 ms", "1.7 ms", "52 ms", "2.05 s", "12.5 s".
[[nodiscard]] std::string in_words(std::chrono::nanoseconds time);

/// As it was asked for: "50 ms", "2 s".
[[nodiscard]] std::string load_in_words(std::chrono::milliseconds load);

/// "1 query", "200 queries".
[[nodiscard]] std::string counted(std::uint32_t number, std::string_view one,
                                  std::string_view many);

/// One sentence: what happened, and why.
[[nodiscard]] std::string verdict(const strategy_kind& of, const measurement& run,
                                  std::chrono::milliseconds load);

}  // namespace drover::simulate
