// SPDX-License-Identifier: MIT
// What the command line asks for. Pure but for the help's output, which it hands back as text.
#pragma once

#include <string>
#include <variant>

namespace drover::cli {

/// Text to show instead of doing something: help, the version, or what is wrong with the input.
struct showing {
  std::string text;
  int exit_code = 0;  ///< other than 0: to standard error
};

using command = std::variant<showing>;

/// Never throws for what was typed: what cannot be meant comes back as `showing` with `exit_usage`.
[[nodiscard]] command parse_command_line(int count, const char* const* arguments);

}  // namespace drover::cli
