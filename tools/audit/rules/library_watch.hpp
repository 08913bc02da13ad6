// SPDX-License-Identifier: MIT
// Names the library behind each finding.
#pragma once

#include <memory>

#include "audit/engine/rule.hpp"

namespace drover::audit {

/// Not a rule itself: it gets the same facts, and reports no coverage. It must come last in
/// `all_rules`, since it reads the findings of the other rules.
[[nodiscard]] std::unique_ptr<rule> make_library_watch();

}  // namespace drover::audit
