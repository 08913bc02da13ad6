// SPDX-License-Identifier: MIT
// Finds out which library sent the traffic of each finding.
#pragma once

#include <memory>

#include "audit/engine/rule.hpp"

namespace drover::audit {

/// Receives the same facts as a rule, but reports no findings and no coverage. It must come last in
/// `all_rules`, because it reads the findings of the rules.
[[nodiscard]] std::unique_ptr<rule> make_library_watch();

}  // namespace drover::audit
