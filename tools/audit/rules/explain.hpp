// SPDX-License-Identifier: MIT
// The last step of an audit: what the rules came to gets its texts, from the catalogue and from the
// profiles of libraries. Pure.
#pragma once

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

/// Fills names, advice and fix prompts of findings and notices, and the names of rules in the
/// coverage; adds notice C901 if something was not exercised. `finding::library`, where it is set,
/// is the name of a profile; where it is not, the keys may still tell the library. Repeating it
/// changes nothing.
void explain(audit_result& of);

}  // namespace drover::audit
