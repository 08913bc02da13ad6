// SPDX-License-Identifier: MIT
#include "audit/engine/store_tracker.hpp"

#include <utility>

namespace drover::audit {

namespace {

/// An EXPIRE that comes later has another reason than the store.
constexpr moment expire_limit = std::chrono::seconds(1);

bool of_one_step(const op_summary& a, const op& b) {
  return a.connection == b.connection && a.batch == b.batch;
}

bool is_store(const op& what) { return what.is == op_kind::store || what.is == op_kind::acquire; }

void count(op_counts& counts, const op& what) {
  switch (what.is) {
    case op_kind::read:
      if (what.came == op_outcome::yes) ++counts.hits;
      if (what.came == op_outcome::no) ++counts.misses;
      break;
    case op_kind::exists: ++counts.exists; break;
    case op_kind::store:
      ++counts.stores;
      if (what.only_if != store_condition::none) ++counts.conditional_stores;
      break;
    case op_kind::acquire:
      if (what.came == op_outcome::yes) ++counts.won;
      if (what.came == op_outcome::no) ++counts.lost;
      break;
    case op_kind::remove: ++counts.removes; break;
    case op_kind::compare_remove: ++counts.compare_removes; break;
    case op_kind::expire: ++counts.expires; break;
    case op_kind::compare_expire: ++counts.compare_expires; break;
    case op_kind::change: ++counts.changes; break;
    case op_kind::opaque: ++counts.opaque; break;
  }
}

}  // namespace

void store_tracker::set_ttl(key_state& key, const op& what) {
  if (what.ttl_how == ttl_effect::kept) return;
  key.has_ttl = what.ttl_how == ttl_effect::set;
  if (!key.has_ttl) return;
  key.ttl = what.ttl;
  key.expires_from = what.sent + what.ttl;
  key.expires_to = what.done + what.ttl;
}

void store_tracker::settle(key_state& key) {
  const std::unique_ptr<settled_store> told = std::move(key.unsettled);
  sink_.take(*told, key);
}

void store_tracker::stored(key_state& key, const op& what, bool is_load) {
  if (key.unsettled != nullptr) {
    settled_store& before = *key.unsettled;
    if (of_one_step(before.store, what)) {
      // HSET and HSET, or DEL, SET and SET: one store, that of the last.
      if (what.ttl_how == ttl_effect::set) {
        before.ttl_came = lock_hold::ttl_by::same_command;
        before.ttl = what.ttl;
        settle(key);
      }
      return;
    }
    settle(key);
  }
  settled_store made;
  made.key = key.ref;
  made.store = op_summary(what);
  made.part = what.part;
  made.missed_before = is_load;
  const bool had_ttl =
      key.there == key_state::presence::present && key.has_ttl && what.sent < key.expires_from;
  const bool kept = what.ttl_how == ttl_effect::kept && key.there != key_state::presence::absent &&
                    (had_ttl || key.there == key_state::presence::unknown);
  made.kept = kept;
  if (what.ttl_how == ttl_effect::set) {
    made.ttl_came = lock_hold::ttl_by::same_command;
    made.ttl = what.ttl;
  } else if (what.ttl_how == ttl_effect::unknown) {
    made.ttl_came = lock_hold::ttl_by::unknown;
  } else if (!kept) {
    made.dropped_ttl = had_ttl;
    key.unsettled = std::make_unique<settled_store>(std::move(made));
    if (due_.size() >= due_max) time_passed(due_.front().at + moment{1});
    due_.push_back({key.ref, what.sequence, what.done + expire_limit});
    return;
  }
  sink_.take(made, key);
}

void store_tracker::expired(key_state& key, const op& what) {
  if (key.unsettled == nullptr || what.came != op_outcome::yes) return;
  settled_store& before = *key.unsettled;
  if (what.ttl_how == ttl_effect::none) return;
  before.ttl = what.ttl;
  before.ttl_set = op_summary(what);
  before.dropped_ttl = false;
  if (!of_one_step(before.store, what)) {
    before.ttl_came = lock_hold::ttl_by::later;
  } else if (what.transaction != 0 && what.transaction == before.store.transaction) {
    before.ttl_came = lock_hold::ttl_by::same_transaction;
  } else {
    before.ttl_came = lock_hold::ttl_by::same_batch;
  }
  settle(key);
}

void store_tracker::refreshed(key_state& key, const op& what, std::optional<op_summary> hit,
                              std::uint64_t lock_hold) {
  refresh made;
  made.key = key.ref;
  made.store = op_summary(what);
  if (hit) ++key.pattern->refreshes;
  made.last_hit = std::move(hit);
  made.last_store = key.last_store;
  made.lifetime_known = key.has_ttl && key.last_store.has_value();
  made.ttl = key.ttl;
  made.left = key.expires_from - what.sent;
  made.lock_hold = lock_hold;
  sink_.take(made, key);
}

void store_tracker::apply(key_state& key, const op& what, bool is_load) {
  count(key.counts, what);
  count(key.pattern->counts, what);
  pattern_state& pattern = *key.pattern;
  const bool yes = what.came == op_outcome::yes;
  if (is_load) ++pattern.loads;
  if (what.is_text && is_store(what)) ++pattern.text_stores;
  if (what.is == op_kind::acquire) {
    pattern.longest_token = std::max(pattern.longest_token, what.value.length);
  }
  if (what.is == op_kind::store || what.is_hit()) {
    pattern.longest_value = std::max(pattern.longest_value, what.value.length);
  }
  using presence = key_state::presence;
  switch (what.is) {
    case op_kind::read:
      if (yes) {
        key.there = presence::present;
        key.value = what.value;
        key.last_hit = op_summary(what);
      } else if (what.came == op_outcome::no && !what.part) {
        key.there = presence::absent;
        key.has_ttl = false;
        key.last_miss = op_summary(what);
      }
      break;
    case op_kind::exists:
      if (yes) key.there = presence::present;
      if (what.came == op_outcome::no) key.there = presence::absent;
      break;
    case op_kind::store:
    case op_kind::acquire:
      if (!yes) break;
      stored(key, what, is_load);
      key.there = presence::present;
      key.value = what.value;
      key.last_store = op_summary(what);
      set_ttl(key, what);
      break;
    case op_kind::remove:
    case op_kind::compare_remove:
      if (what.came == op_outcome::failed) break;
      if (what.is == op_kind::compare_remove && !yes) break;
      if (key.unsettled != nullptr && !of_one_step(key.unsettled->store, what)) settle(key);
      if (key.last_remove == nullptr) key.last_remove = std::make_unique<op_summary>();
      *key.last_remove = op_summary(what);
      key.there = presence::absent;
      key.has_ttl = false;
      break;
    case op_kind::expire:
    case op_kind::compare_expire:
      expired(key, what);
      if (yes) set_ttl(key, what);
      break;
    case op_kind::change:
      if (yes) key.there = presence::present;
      break;
    case op_kind::opaque: key.there = presence::unknown; break;
  }
}

void store_tracker::time_passed(moment now) {
  while (!due_.empty() && due_.front().at < now) {
    const due next = due_.front();
    due_.pop_front();
    key_state* const key = keys_.find(next.key);
    if (key != nullptr && key->unsettled != nullptr &&
        key->unsettled->store.sequence == next.sequence) {
      settle(*key);
    }
  }
}

void store_tracker::close(key_state& key) {
  if (key.unsettled != nullptr) settle(key);
}

}  // namespace drover::audit
