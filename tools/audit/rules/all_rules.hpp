// SPDX-License-Identifier: MIT
// The list of all rules.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "audit/rules/rule_definition.hpp"

namespace drover::audit {

/// All rules and notices, by id.
[[nodiscard]] std::span<const rule_definition> rule_definitions();

/// A new instance of each rule, by id. The last element is no rule: it sets the libraries of the
/// findings.
[[nodiscard]] std::vector<std::unique_ptr<rule>> all_rules();

}  // namespace drover::audit
