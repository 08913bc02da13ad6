// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>

namespace drover::text {

/// Invalid usage. The text names the invalid input and the remedy. Nothing was started yet.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace drover::text
