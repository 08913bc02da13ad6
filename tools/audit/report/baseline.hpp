// SPDX-License-Identifier: MIT
// Findings that are accepted for a reason and for a limited time. Pure.
//
//   {"version": 1,
//    "accepted": [{"rule": "C303", "pattern": "shop:product:*",
//                  "reason": "warmed once a night, and the origin bears it",
//                  "expires": "2027-02-01"}]}
//
// All four fields are required. `pattern` is a glob as in Redis, matched against the pattern of a
// finding. The finding does not count until the end of the day of `expires` (UTC).
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

/// A baseline, or an error that names the place in the text and the correct form.
struct parsed_baseline {
  baseline value;
  std::string error;  ///< "" if the text is a valid baseline
};

[[nodiscard]] parsed_baseline parse_baseline(std::string_view text);

/// Marks findings as accepted, and adds remarks on entries that have expired or match nothing. Does
/// not change the verdict: call `judge` afterwards.
void apply_baseline(audit_result& result, const baseline& accepted_findings,
                    std::chrono::system_clock::time_point now);

/// A draft: every finding that is not accepted yet, for 90 days, with empty reasons. It is a valid
/// baseline after the reasons are written.
[[nodiscard]] std::string baseline_of(const audit_result& result,
                                      std::chrono::system_clock::time_point now);

}  // namespace drover::audit
