// SPDX-License-Identifier: MIT
// Text to show instead of doing something: help, the version, a list, or what is wrong.
#pragma once

#include <string>

namespace drover::cli {

struct text_result {
  std::string text;
  int exit_code = 0;  ///< other than 0: to standard error
};

}  // namespace drover::cli
