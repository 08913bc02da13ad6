// SPDX-License-Identifier: MIT
#include "audit/rules/lock_holds.hpp"

#include <algorithm>

namespace drover::audit {

evidence proof_of_lock_hold(const rule_context& all, const lock_hold& what, const key_state& lock,
                            moment until, std::string summary) {
  moment from = what.won.sent;
  if (what.missed && from - what.missed->sent < std::chrono::seconds(1)) {
    from = std::min(from, what.missed->sent);
  }
  return proof_of(all, lock, from, until, std::move(summary), what.value);
}

std::string lock_in_words(const rule_context& all, const pattern_state& lock) {
  if (!lock.paired) return lock.text;
  return lock.text + " (guards " + all.patterns()[*lock.paired].text + ")";
}

}  // namespace drover::audit
