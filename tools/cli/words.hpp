// SPDX-License-Identifier: MIT
// Times, counts and strangers' text as people read them. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace drover::cli {

/// Three digits at most: "0.4 ms", "1.7 ms", "52 ms", "2.05 s", "12.5 s".
[[nodiscard]] std::string in_words(std::chrono::nanoseconds time);

/// "1", "200", "10,000".
[[nodiscard]] std::string in_words(std::uint64_t number);

/// "1 query", "10,000 queries".
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view one,
                                  std::string_view many);

/// One line, without what a terminal would take for a command; a long text is cut.
[[nodiscard]] std::string one_line(std::string_view text);

}  // namespace drover::cli
