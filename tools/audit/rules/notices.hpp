// SPDX-License-Identifier: MIT
// Notices that depend on the result of the whole audit. Each is defined in the file of its rule.
#pragma once

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

/// C901: lists the rules that were not exercised. Replaces an earlier notice of the same kind.
void add_not_exercised(audit_result& result);

/// C903: a warning instead of an info when so much was missed that the run is inconclusive.
void raise_events_lost(audit_result& result);

}  // namespace drover::audit
