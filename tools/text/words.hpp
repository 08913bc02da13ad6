// SPDX-License-Identifier: MIT
// Times, counts and strangers' text as people read them. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace drover::text {

/// Three digits at most: "0.4 ms", "1.7 ms", "52 ms", "2.05 s", "12.5 s".
[[nodiscard]] std::string in_words(std::chrono::nanoseconds time);

/// "1", "200", "10,000".
[[nodiscard]] std::string in_words(std::uint64_t number);

/// "1 query", "10,000 queries".
[[nodiscard]] std::string counted(std::uint64_t number, std::string_view one,
                                  std::string_view many);

/// One line, without what a terminal would take for a command; a long text is cut.
[[nodiscard]] std::string one_line(std::string_view text);

/// A stranger's name or a text that has such names in it, on one line: what would not be seen, and
/// bytes that are no characters, as \n, \t or \xNN. Of more than `max` bytes the rest is left out.
[[nodiscard]] std::string visible(std::string_view text, std::size_t max);

}  // namespace drover::text
