// SPDX-License-Identifier: MIT
// The counters that the command line asked for, from the first to the last.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/run/audit_options.hpp"
#include "audit/run/origin_counter.hpp"

namespace drover::audit {

struct wished_counter {
  std::string option;  ///< that asked for it, for messages
  std::unique_ptr<origin_counter> counter;
};

/// Not started yet. Throws text::usage_error for an address that is none.
[[nodiscard]] std::vector<wished_counter> counters_for(const origin_sources& asked,
                                                       const origin_ear& ear);

}  // namespace drover::audit
