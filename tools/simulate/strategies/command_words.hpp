// SPDX-License-Identifier: MIT
// Splits the command of --strategy-command into words as a shell does, and fills in its blanks.
// Variables, patterns and redirections of a shell are not supported.
//
// Pure. Threads: values.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace drover::simulate {

/// White space separates words. Within '...' every character is literal. A backslash escapes " \ $
/// and ` within "...", and any character outside quotes. Throws std::invalid_argument with a text
/// that names the fault: a quote without an end, a backslash at the end, or no word at all.
[[nodiscard]] std::vector<std::string> split_words(std::string_view command);

struct blank {
  std::string_view name;  ///< "{redis}"
  std::string_view value;
};

/// Fills in all blanks. Filled-in text is not searched again.
[[nodiscard]] std::vector<std::string> fill_blanks(std::span<const std::string> words,
                                                   std::span<const blank> blanks);

}  // namespace drover::simulate
