// SPDX-License-Identifier: MIT
// Infers the role of each key pattern from the ops on its keys, and the value that each lock
// guards.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "audit/engine/key_state.hpp"
#include "audit/engine/pattern_families.hpp"

namespace drover::audit {

struct role_guess {
  key_role role = key_role::other;
  std::string reason;
};

/// The role of a pattern and the reason, from the counts of this pattern alone.
[[nodiscard]] role_guess guess_role(const pattern_state& pattern);
/// The same role without the reason. It is cheap enough to call at any time.
[[nodiscard]] key_role role_so_far(const pattern_state& pattern);

/// What the keys of a pattern have been used for, as far as it decides with which others they may
/// be united.
[[nodiscard]] key_use use_so_far(const pattern_state& pattern);

/// Sets the final `role`, `reason`, `paired` and `describes` of all patterns.
void settle_roles(std::deque<pattern_state>& patterns);

/// The lines of a report: the patterns with at least one key, values and locks first.
[[nodiscard]] std::vector<role_line> role_lines(const std::deque<pattern_state>& patterns);

/// The pattern that a metadata pattern describes: "user:*" for "user:*:expires". "" if the pattern
/// has no metadata suffix.
[[nodiscard]] std::string_view described_by(std::string_view pattern);

}  // namespace drover::audit
