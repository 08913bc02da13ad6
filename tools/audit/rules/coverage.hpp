// SPDX-License-Identifier: MIT
// The status that a rule reports for its coverage.
#pragma once

#include <cstdint>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

/// fail if there were failures; otherwise pass if there were opportunities to fail; otherwise not
/// exercised. A bool counts as 0 or 1.
[[nodiscard]] constexpr coverage_line::status status_of(std::uint64_t failures,
                                                        std::uint64_t opportunities) {
  if (failures > 0) return coverage_line::status::fail;
  return opportunities > 0 ? coverage_line::status::pass : coverage_line::status::not_exercised;
}

}  // namespace drover::audit
