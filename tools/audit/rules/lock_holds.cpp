// SPDX-License-Identifier: MIT
#include "audit/rules/lock_holds.hpp"

#include <algorithm>

namespace drover::audit {

evidence proof_of_lock_hold(const rule_context& context, const lock_hold& hold,
                            const key_state& lock, moment until, std::string summary,
                            const decisive_operations& decisive) {
  moment from = hold.won.sent;
  if (hold.value.missed && from - hold.value.missed->sent < std::chrono::seconds(1)) {
    from = std::min(from, hold.value.missed->sent);
  }
  decisive_operations named = decisive;
  named.push_back({lock.ref, hold.won});
  return proof_of(context, lock, from, until, std::move(summary), hold.value.key, named);
}

std::string lock_in_words(const rule_context& context, const pattern_state& lock) {
  if (!lock.paired) return lock.text;
  return lock.text + " (guards " + context.patterns()[*lock.paired].text + ")";
}

}  // namespace drover::audit
