// SPDX-License-Identifier: MIT
// Formats times, counts and untrusted text for people. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace drover::text {

/// A time with at most three digits: "0.4 ms", "1.7 ms", "52 ms", "2.05 s", "12.5 s".
[[nodiscard]] std::string in_words(std::chrono::nanoseconds time);

/// "1", "200", "10,000".
[[nodiscard]] std::string in_words(std::uint64_t number);

/// "1 query", "10,000 queries".
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view singular,
                                  std::string_view plural);

/// Returns the text on one line, without control characters. A long text is cut.
[[nodiscard]] std::string one_line(std::string_view text);

/// Returns untrusted text, such as the name of a key, on one line. Invisible characters and invalid
/// bytes are written as \n, \t or \xNN. A result of more than `max` bytes is cut.
[[nodiscard]] std::string visible(std::string_view text, std::size_t max);

}  // namespace drover::text
