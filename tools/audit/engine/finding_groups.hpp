// SPDX-License-Identifier: MIT
// Equal findings of several similar patterns become one finding.
#pragma once

#include <vector>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

/// Findings of one rule, severity and confidence become one if they have the same pattern, or if
/// there are three or more of them whose patterns differ in one segment that may vary
/// ("page:news", "page:offers"): the pattern of all, the sum of their counts, and keys and evidence
/// of several of them.
void group_findings(std::vector<finding>& findings);

}  // namespace drover::audit
