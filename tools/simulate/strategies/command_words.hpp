// SPDX-License-Identifier: MIT
// The command that --strategy-command gives: split into words as a shell does it, and its blanks
// filled in. Nothing else of a shell: no variables, no patterns, no redirections.
//
// Pure. Threads: values.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drover::simulate {

/// White space parts words. Within '...' everything stands for itself; within "..." a backslash
/// goes before " \ $ and `, elsewhere before any character. Throws std::invalid_argument with what
/// is wrong: a quote without its end, a backslash at the end, or no word at all.
[[nodiscard]] std::vector<std::string> split_words(std::string_view command);

struct blank {
  std::string_view name;  ///< "{redis}"
  std::string_view value;
};

/// Fills in blanks wherever they stand; what was filled in is not looked at again.
[[nodiscard]] std::vector<std::string> fill_blanks(std::span<const std::string> words,
                                                   std::span<const blank> blanks);

}  // namespace drover::simulate
