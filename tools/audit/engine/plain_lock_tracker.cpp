// SPDX-License-Identifier: MIT
#include "audit/engine/plain_lock_tracker.hpp"

#include <algorithm>

#include "audit/capture/key_pattern.hpp"

namespace drover::audit {

namespace {

/// The longest value of a lock that is set without NX: "1", "locked", a number, a token.
constexpr std::uint64_t plain_token_max = 64;

bool is_plain_set(const key_state& key, const op& operation) {
  return key.pattern->lock_name && operation.kind == op_kind::store && operation.is_text &&
         !operation.part && operation.condition == store_condition::none &&
         operation.value.length <= plain_token_max;
}

}  // namespace

void plain_lock_tracker::stored(const key_state& key, const op& operation, bool is_load) {
  if (operation.outcome != op_outcome::yes) return;
  if (is_plain_set(key, operation)) {
    if (holds_.size() >= processes_max && !holds_.contains(operation.process)) return;
    std::vector<hold>& mine = holds_[operation.process];
    std::erase_if(mine, [&](const hold& h) { return h.lock == key.ref; });
    if (mine.size() >= holds_max) mine.erase(mine.begin());
    mine.push_back({key.ref, operation.sent, false});
    ++key.pattern->plain_sets;
    return;
  }
  if (!is_load) return;
  const auto mine = holds_.find(operation.process);
  if (mine == holds_.end()) return;
  for (hold& held : mine->second) {
    const key_state* const lock = keys_.find(held.lock);
    if (lock == nullptr || held.set > operation.sent || held.has_loaded) continue;
    held.has_loaded = affinity(lock->name, key.name) > 0;
  }
}

void plain_lock_tracker::removed(key_state& key, const op& operation) {
  if (!key.pattern->lock_name || key.pattern->plain_sets == 0) return;
  const auto mine = holds_.find(operation.process);
  if (mine == holds_.end()) return;
  std::vector<hold>& held = mine->second;
  const auto released =
      std::find_if(held.begin(), held.end(), [&](const hold& h) { return h.lock == key.ref; });
  if (released == held.end()) return;
  ++key.pattern->plain_releases;
  if (released->has_loaded) ++key.pattern->plain_releases_after_load;
  held.erase(released);
}

}  // namespace drover::audit
