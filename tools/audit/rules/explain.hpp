// SPDX-License-Identifier: MIT
// The last step of an audit: adds the texts of the catalogue and of the library profiles to the
// results of the rules. Pure.
#pragma once

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

/// Sets the names, advice and fix prompts of findings and notices, and the names of rules in the
/// coverage. Adds notice C901 if a rule was not exercised. `finding::library` is the name of a
/// profile; if it is empty, the keys may identify the library. A second call changes nothing.
void explain(audit_result& result);

}  // namespace drover::audit
