// SPDX-License-Identifier: MIT
// What the rules about locks have in common: they collect for each pattern of locks, and judge at
// the end those that turned out to be locks.
#pragma once

#include <string>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {

/// How a lock hold ended, as its holder reported it.
[[nodiscard]] inline bool was_released(const lock_hold& what) {
  return what.end.kind == lock_hold::ending::removed ||
         what.end.kind == lock_hold::ending::compare_removed;
}

/// What was done to the lock, and to the value it guards, from shortly before the lock was won (or
/// from the miss that led to it) to `until`.
[[nodiscard]] evidence proof_of_lock_hold(const rule_context& all, const lock_hold& what,
                                          const key_state& lock, moment until, std::string summary);

/// pass, fail, or not exercised, by counts: `bad` of `all` opportunities.
[[nodiscard]] coverage_line::status status_of(std::uint64_t bad, std::uint64_t all);

/// "lock:* (guards user:*)".
[[nodiscard]] std::string lock_in_words(const rule_context& all, const pattern_state& lock);

/// Who holds a lock goes on with other connections than the one that won it: then a connection does
/// not say who deletes.
[[nodiscard]] inline bool is_pooled(const pattern_state& lock) {
  return 5 * lock.stores_elsewhere > lock.stores_here + lock.stores_elsewhere;
}

/// Something is deleted, sometimes: not a leader's lease or a mark that ends by itself.
[[nodiscard]] inline bool is_ever_released(const pattern_state& lock) {
  return lock.counts.removes + lock.counts.compare_removes > 0;
}

}  // namespace drover::audit
