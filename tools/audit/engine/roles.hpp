// SPDX-License-Identifier: MIT
// What the keys of a pattern are for, by a score of what was done to them; and which lock guards
// which value.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "audit/engine/key_state.hpp"

namespace drover::audit {

struct role_guess {
  key_role role = key_role::other;
  std::string reason;
};

/// By what was seen of this pattern alone.
[[nodiscard]] role_guess guess_role(const pattern_state& pattern);
/// Only the role: cheap enough to ask at any time.
[[nodiscard]] key_role role_so_far(const pattern_state& pattern);

/// Final: sets `role`, `why`, `paired` and `describes` of all patterns.
void settle_roles(std::deque<pattern_state>& patterns);

/// For people: those with at least one key, locks and values first.
[[nodiscard]] std::vector<role_line> role_lines(const std::deque<pattern_state>& patterns);

/// "user:*:expires" says something of "user:*": the part before the suffix; "" if it has none.
[[nodiscard]] std::string_view described_by(std::string_view pattern);

}  // namespace drover::audit
