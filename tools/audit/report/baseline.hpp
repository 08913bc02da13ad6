// SPDX-License-Identifier: MIT
// Findings that somebody has accepted, for a reason and for a time. Pure.
//
//   {"version": 1,
//    "accepted": [{"rule": "C303", "pattern": "shop:product:*",
//                  "reason": "warmed once a night, and the origin bears it",
//                  "expires": "2027-02-01"}]}
//
// All four are mandatory. `pattern` is a glob as Redis has them, for the pattern of a finding.
// Until the end of the day of `expires` (UTC) the finding does not count; then it counts again.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

struct accepted_finding {
  std::string rule;  ///< "C303"
  std::string pattern;
  std::string reason;
  std::chrono::year_month_day expires{};
};

struct baseline {
  std::vector<accepted_finding> accepted;
};

/// A baseline, or what is wrong with the text: where, and what would be right.
struct baseline_read {
  baseline read;
  std::string error;  ///< "" if it is one
};

[[nodiscard]] baseline_read parse_baseline(std::string_view text);

/// Marks findings as accepted, and adds remarks on what has expired and what matches nothing. The
/// verdict is another matter: `judge` it again.
void apply_baseline(audit_result& of, const baseline& accepting,
                    std::chrono::system_clock::time_point today);

/// A text to start with: every finding that is not accepted yet, for 90 days, without reasons. It
/// is no baseline before somebody has written them.
[[nodiscard]] std::string baseline_of(const audit_result& of,
                                      std::chrono::system_clock::time_point today);

}  // namespace drover::audit
