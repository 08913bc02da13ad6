// SPDX-License-Identifier: MIT
// Pass, fail, or neither, by a result alone: so it can be asked again when a baseline has accepted
// findings.
#pragma once

#include "audit/engine/audit_result.hpp"
#include "audit/engine/settings.hpp"

namespace drover::audit {

/// Sets `is`, `why`, and each finding's `fails`. Fail: a finding at or above `fail_on` that is not
/// accepted. Else inconclusive, if too little was seen: no cold event that two wanted at once, too
/// much of the traffic unread, or a rule of `require` that had nothing to go by.
void judge(audit_result& result, const settings& options);

/// The worst first.
void sort_findings(audit_result& result);

}  // namespace drover::audit
