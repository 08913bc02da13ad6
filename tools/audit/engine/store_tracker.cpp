// SPDX-License-Identifier: MIT
#include "audit/engine/store_tracker.hpp"

#include <algorithm>
#include <utility>

namespace drover::audit {

namespace {

/// A value that NX stores is the mark of a loader only up to this length.
constexpr std::uint64_t pending_mark_max = 128;
/// A later EXPIRE does not belong to the store.
constexpr moment expire_limit = std::chrono::seconds(1);
/// The stores of one key that may wait for their EXPIRE.
constexpr std::size_t unsettled_max = 8;

bool shares_batch(const op_summary& a, const op& b) {
  return a.connection == b.connection && a.batch == b.batch;
}

bool is_store(const op& operation) {
  return operation.kind == op_kind::store || operation.kind == op_kind::acquire;
}

void count(op_counts& counts, const op& operation) {
  switch (operation.kind) {
    case op_kind::read:
      if (operation.outcome == op_outcome::yes) ++counts.hits;
      if (operation.outcome == op_outcome::no) ++counts.misses;
      break;
    case op_kind::exists: ++counts.exists; break;
    case op_kind::store:
      ++counts.stores;
      if (operation.condition != store_condition::none) ++counts.conditional_stores;
      break;
    case op_kind::acquire:
      if (operation.outcome == op_outcome::yes) ++counts.won;
      if (operation.outcome == op_outcome::no) ++counts.lost;
      break;
    case op_kind::remove: ++counts.removes; break;
    case op_kind::compare_remove: ++counts.compare_removes; break;
    case op_kind::expire: ++counts.expires; break;
    case op_kind::compare_expire: ++counts.compare_expires; break;
    case op_kind::change: ++counts.changes; break;
    case op_kind::opaque: ++counts.opaque; break;
  }
}

/// Whether a change of the key, told before this read, may have run after it.
bool is_overtaken(const op& read, const op_summary* change) {
  return change != nullptr && read.sent < change->done;
}

/// Notes what the values of a pattern look like. Values of one pattern that are small and few are
/// no cached values but marks.
void note_look(pattern_state& pattern, const op& operation) {
  if (operation.part || !operation.is_text || operation.outcome != op_outcome::yes) return;
  const digest& value = operation.value;
  ++pattern.value_stores;
  const bool is_plain = value.looks == shape::integer || value.looks == shape::text ||
                        value.looks == shape::empty || value.looks == shape::php;
  if (value.length <= mark_bytes_max && is_plain) ++pattern.small_stores;
  pattern.note_value(value.hash);
}

}  // namespace

void store_tracker::set_ttl(key_state& key, const op& operation) {
  if (operation.on_ttl == ttl_effect::kept) return;
  key.has_ttl = operation.on_ttl == ttl_effect::set;
  if (!key.has_ttl) return;
  key.ttl = operation.ttl;
  key.expires_from = operation.sent + operation.ttl;
  key.expires_to = operation.done + operation.ttl;
}

template <class IsMeant>
void store_tracker::settle(key_state& key, IsMeant&& is_meant) {
  if (key.unsettled == nullptr) return;
  std::vector<settled_store>& waiting = *key.unsettled;
  const auto end = std::stable_partition(
      waiting.begin(), waiting.end(), [&](const settled_store& store) { return !is_meant(store); });
  const std::vector<settled_store> settled(end, waiting.end());
  waiting.erase(end, waiting.end());
  if (waiting.empty()) key.unsettled.reset();
  for (const settled_store& store : settled) sink_.take(store, key);
}

/// Makes room for a store whose EXPIRE may follow. The stores before it wait on: other callers may
/// have stored between a client's SET and its EXPIRE, over the same connection of a pool as well.
void store_tracker::wait_for_expire(key_state& key) {
  if (key.unsettled != nullptr && key.unsettled->size() >= unsettled_max) {
    const std::uint64_t oldest = key.unsettled->front().store.sequence;
    settle(key, [&](const settled_store& store) { return store.store.sequence == oldest; });
  }
  if (key.unsettled == nullptr) key.unsettled = std::make_unique<std::vector<settled_store>>();
}

void store_tracker::stored(key_state& key, const op& operation, bool is_load) {
  if (key.unsettled != nullptr && shares_batch(key.unsettled->back().store, operation)) {
    // Several stores in one batch count as one store: HSET and HSET, or SET and SET.
    settled_store& before = key.unsettled->back();
    if (operation.on_ttl == ttl_effect::set) {
      before.ttl.source = ttl_source::same_command;
      before.ttl.duration = operation.ttl;
      const std::uint64_t sequence = before.store.sequence;
      settle(key, [&](const settled_store& store) { return store.store.sequence == sequence; });
    }
    return;
  }
  settled_store settled;
  settled.key = key.ref;
  settled.store = op_summary(operation);
  settled.missed_before = is_load;
  const bool had_ttl =
      key.state == key_state::presence::present && key.has_ttl && operation.sent < key.expires_from;
  // XX succeeds only if the key exists, whatever was believed.
  const bool was_there =
      key.state != key_state::presence::absent || operation.condition == store_condition::present;
  const bool kept = operation.on_ttl == ttl_effect::kept && was_there &&
                    (had_ttl || key.state != key_state::presence::present);
  settled.kept = kept;
  if (operation.on_ttl == ttl_effect::set) {
    settled.ttl.source = ttl_source::same_command;
    settled.ttl.duration = operation.ttl;
  } else if (operation.on_ttl == ttl_effect::unknown) {
    settled.ttl.source = ttl_source::unknown;
  } else if (!kept) {
    // A load that is stored over the mark of its client replaces no value.
    const bool was_mark = key.last_store && key.last_store->kind == op_kind::acquire &&
                          key.last_store->value.length <= pending_mark_max;
    settled.dropped_ttl = had_ttl && !is_load && !was_mark;
    wait_for_expire(key);
    key.unsettled->push_back(std::move(settled));
    if (due_.size() >= due_max) time_passed(due_.front().at + moment{1});
    due_.push_back({key.ref, operation.sequence, operation.done + expire_limit});
    return;
  }
  sink_.take(settled, key);
}

void store_tracker::expired(key_state& key, const op& operation) {
  if (key.unsettled == nullptr || operation.outcome != op_outcome::yes) return;
  if (operation.on_ttl == ttl_effect::none) return;
  // It belongs to the store of its batch, or else to the stores of its process. If there are none,
  // a client sets the ttl of whatever is stored.
  const auto in_batch = [&](const settled_store& s) { return shares_batch(s.store, operation); };
  const auto is_own = [&](const settled_store& s) { return s.store.process == operation.process; };
  const auto& all = *key.unsettled;
  const bool has_batch = std::any_of(all.begin(), all.end(), in_batch);
  const bool has_own = std::any_of(all.begin(), all.end(), is_own);
  for (settled_store& before : *key.unsettled) {
    if (has_batch ? !in_batch(before) : has_own && !is_own(before)) continue;
    before.ttl.duration = operation.ttl;
    before.ttl.expire = op_summary(operation);
    before.dropped_ttl = false;
    if (!shares_batch(before.store, operation)) {
      before.ttl.source = ttl_source::later;
    } else if (operation.transaction != 0 && operation.transaction == before.store.transaction) {
      before.ttl.source = ttl_source::same_transaction;
    } else {
      before.ttl.source = ttl_source::same_batch;
    }
  }
  settle(key, [](const settled_store& store) { return store.ttl.expire.has_value(); });
}

void store_tracker::refreshed(key_state& key, const op& operation, std::optional<op_summary> hit,
                              std::uint64_t lock_hold, bool is_modification) {
  refresh refreshed;
  refreshed.key = key.ref;
  refreshed.store = op_summary(operation);
  refreshed.is_modification = is_modification;
  if (hit && !is_modification) ++key.pattern->refreshes;
  refreshed.last_hit = std::move(hit);
  refreshed.last_store = key.last_store;
  refreshed.lifetime_known = key.has_ttl && key.last_store.has_value();
  refreshed.ttl = key.ttl;
  refreshed.left = key.expires_from - operation.sent;
  refreshed.lock_hold = lock_hold;
  sink_.take(refreshed, key);
}

void store_tracker::apply(key_state& key, const op& operation, bool is_load) {
  count(key.counts, operation);
  count(key.pattern->counts, operation);
  pattern_state& pattern = *key.pattern;
  const bool yes = operation.outcome == op_outcome::yes;
  if (is_load) ++pattern.loads;
  if (operation.is_text && is_store(operation)) ++pattern.text_stores;
  if (is_store(operation)) note_look(pattern, operation);
  if (operation.kind == op_kind::acquire) {
    pattern.longest_token = std::max(pattern.longest_token, operation.value.length);
  }
  if (operation.kind == op_kind::store || operation.is_hit()) {
    pattern.longest_value = std::max(pattern.longest_value, operation.value.length);
  }
  using presence = key_state::presence;
  switch (operation.kind) {
    case op_kind::read:
      if (yes) {
        if (!is_overtaken(operation, key.last_remove.get())) key.state = presence::present;
        key.value = operation.value;
        key.last_hit = op_summary(operation);
      } else if (operation.outcome == op_outcome::no && !operation.part) {
        // The server may have answered before it stored the value.
        const bool may_be_old =
            is_overtaken(operation, key.last_store ? &*key.last_store : nullptr);
        if (!may_be_old) key.state = presence::absent;
        if (!may_be_old) key.has_ttl = false;
        key.last_miss = op_summary(operation);
      }
      break;
    case op_kind::exists:
      if (yes) key.state = presence::present;
      if (operation.outcome == op_outcome::no) key.state = presence::absent;
      break;
    case op_kind::store:
    case op_kind::acquire:
      if (!yes) break;
      stored(key, operation, is_load);
      key.state = presence::present;
      key.value = operation.value;
      key.last_store = op_summary(operation);
      set_ttl(key, operation);
      break;
    case op_kind::remove:
    case op_kind::compare_remove:
      if (operation.outcome == op_outcome::failed) break;
      if (operation.kind == op_kind::compare_remove && !yes) break;
      settle(key,
             [&](const settled_store& store) { return !shares_batch(store.store, operation); });
      if (key.last_remove == nullptr) key.last_remove = std::make_unique<op_summary>();
      *key.last_remove = op_summary(operation);
      key.state = presence::absent;
      key.has_ttl = false;
      break;
    case op_kind::expire:
    case op_kind::compare_expire:
      expired(key, operation);
      if (yes) set_ttl(key, operation);
      break;
    case op_kind::change:
      if (yes) key.state = presence::present;
      break;
    case op_kind::opaque: key.state = presence::unknown; break;
  }
}

void store_tracker::time_passed(moment now) {
  while (!due_.empty() && due_.front().at < now) {
    const due next = due_.front();
    due_.pop_front();
    key_state* const key = keys_.find(next.key);
    if (key == nullptr) continue;
    settle(*key, [&](const settled_store& store) { return store.store.sequence == next.sequence; });
  }
}

void store_tracker::close(key_state& key) {
  settle(key, [](const settled_store&) { return true; });
}

}  // namespace drover::audit
