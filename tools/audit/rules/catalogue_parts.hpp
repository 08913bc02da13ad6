// SPDX-License-Identifier: MIT
// The parts of the catalogue, a file a family of rules.
#pragma once

#include <span>

#include "audit/rules/catalogue.hpp"

namespace drover::audit {

[[nodiscard]] std::span<const rule_text> stampede_rules();     // C1
[[nodiscard]] std::span<const rule_text> lock_rules();         // C2
[[nodiscard]] std::span<const rule_text> expiry_rules();       // C3
[[nodiscard]] std::span<const rule_text> consistency_rules();  // C4
[[nodiscard]] std::span<const rule_text> waiting_rules();      // C5
[[nodiscard]] std::span<const rule_text> key_rules();          // C6
[[nodiscard]] std::span<const rule_text> notices();            // C9

}  // namespace drover::audit
