// SPDX-License-Identifier: MIT
// Creates the counters that the command line requests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/run/audit_options.hpp"
#include "audit/run/origin_counter.hpp"

namespace drover::audit {

struct requested_counter {
  /// The option that requested it, for messages.
  std::string option;
  std::unique_ptr<origin_counter> counter;
};

/// The counters are not started yet. Throws text::usage_error for an invalid address.
[[nodiscard]] std::vector<requested_counter> counters_for(const origin_sources& sources,
                                                          const origin_listener& listener);

}  // namespace drover::audit
