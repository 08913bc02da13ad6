// SPDX-License-Identifier: MIT
// The verdict: pass, fail or inconclusive. It depends on the result alone, so that it can be
// computed again after a baseline has accepted findings.
#pragma once

#include "audit/engine/audit_result.hpp"
#include "audit/engine/settings.hpp"

namespace drover::audit {

/// Sets `outcome` and `reason`, and `fails` of each finding. The audit fails if a finding at or
/// above `fail_on` is not accepted. Otherwise it is inconclusive if too little was seen: no
/// contended cold event, too much traffic that could not be read, or a rule of `require` that was
/// not exercised.
void judge(audit_result& result, const settings& options);

/// An error needs evidence: what is only suspected is a warning at most, and so is what was seen
/// once without proof.
void moderate_findings(audit_result& result);

/// Sorts by severity, then by confidence, the highest first, then by rule id.
void sort_findings(audit_result& result);

}  // namespace drover::audit
