// SPDX-License-Identifier: MIT
// The verdict: pass, fail or inconclusive. It depends on the result alone, so that it can be
// computed again after a baseline has accepted findings.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "audit/engine/audit_result.hpp"
#include "audit/engine/settings.hpp"

namespace drover::audit {

/// Sets `outcome` and `reason`, and `fails` of each finding. The audit fails if a finding at or
/// above `fail_on` is not accepted. Otherwise it is inconclusive if too little was seen: no
/// contended cold event, too much traffic that could not be read, or a rule of `require` that
/// judged nothing.
void judge(audit_result& result, const settings& options);

/// Adds to the coverage of each rule what it has seen and cannot judge: pairs of a rule and a text.
/// A rule that has judged nothing else was not unexercised.
void note_not_judged(std::vector<coverage_line>& coverage,
                     const std::vector<std::pair<std::string, std::string>>& not_judged);

/// An error needs evidence: what is only suspected is a warning at most, and so is what was seen
/// once without proof.
void moderate_findings(audit_result& result);

/// Sorts by severity, then by confidence, the highest first, then by rule id.
void sort_findings(audit_result& result);

}  // namespace drover::audit
