// SPDX-License-Identifier: MIT
// One of each rule.
#pragma once

#include <memory>
#include <vector>

#include "audit/engine/rule.hpp"

namespace drover::audit {

/// In the order of their ids.
[[nodiscard]] std::vector<std::unique_ptr<rule>> all_rules();

}  // namespace drover::audit
