// SPDX-License-Identifier: MIT
// Shared parts of the rules about locks. These rules collect facts for each pattern, and judge at
// the end the patterns that have the role of a lock.
#pragma once

#include <string>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {

/// Whether the holder released the lock.
[[nodiscard]] inline bool was_released(const lock_hold& hold) {
  return hold.end.kind == lock_hold::ending::removed ||
         hold.end.kind == lock_hold::ending::compare_removed;
}

/// The commands on the lock and on the value it guards, from shortly before the acquisition (or
/// from the miss before it) to `until`.
[[nodiscard]] evidence proof_of_lock_hold(const rule_context& context, const lock_hold& hold,
                                          const key_state& lock, moment until, std::string summary,
                                          const decisive_operations& decisive = {});

/// "lock:* (guards user:*)".
[[nodiscard]] std::string lock_in_words(const rule_context& context, const pattern_state& lock);

/// Whether more than one in five stores under the lock used another connection than the
/// acquisition. Holders then take connections from a pool, and a connection does not identify the
/// caller that deletes the lock.
[[nodiscard]] inline bool is_pooled(const pattern_state& lock) {
  return 5 * lock.stores_other_connection >
         lock.stores_same_connection + lock.stores_other_connection;
}

/// Whether the lock is ever deleted. A leader's lease or a mark that ends by itself never is.
[[nodiscard]] inline bool is_ever_released(const pattern_state& lock) {
  return lock.counts.removes + lock.counts.compare_removes > 0;
}

}  // namespace drover::audit
