// SPDX-License-Identifier: MIT
// Text to print instead of running a command: help, the version, a list, or a usage error.
#pragma once

#include <string>

namespace drover::cli {

struct text_result {
  std::string text;
  /// The text goes to standard output for 0, otherwise to standard error.
  int exit_code = 0;
};

}  // namespace drover::cli
