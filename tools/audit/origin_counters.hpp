// SPDX-License-Identifier: MIT
// The counters that the command line asked for, from the first to the last.
#pragma once

#include <memory>
#include <vector>

#include "audit/audit_options.hpp"
#include "audit/origin_counter.hpp"

namespace drover::audit {

/// Not started yet. Throws cli::usage_error for an address that is none.
[[nodiscard]] std::vector<std::unique_ptr<origin_counter>> counters_for(const origin_sources& asked,
                                                                        const origin_ear& ear);

}  // namespace drover::audit
