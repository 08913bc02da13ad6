// SPDX-License-Identifier: MIT
#include "audit/engine/key_state.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "audit/engine/cold_tracker.hpp"
#include "audit/engine/lock_hold_tracker.hpp"
#include "audit/engine/wait_tracker.hpp"

namespace drover::audit {

void median_sample::add(moment value) {
  ++count_;
  sorted_.clear();
  if (values_.size() < kept) {
    values_.push_back(value);
    return;
  }
  // Later values replace the oldest ones, so that the sample is a window over the latest values.
  values_[count_ % kept] = value;
}

moment median_sample::median() const { return quantile(0.5); }

moment median_sample::quantile(double share) const {
  if (values_.empty()) return moment{};
  if (sorted_.empty()) {
    sorted_ = values_;
    std::sort(sorted_.begin(), sorted_.end());
  }
  const double rank = std::ceil(share * static_cast<double>(sorted_.size()));
  const auto at = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return sorted_[std::min(at, sorted_.size() - 1)];
}

void median_sample::merge(const median_sample& other) {
  for (const moment value : other.values_) add(value);
}

op_counts& op_counts::operator+=(const op_counts& other) {
  hits += other.hits;
  misses += other.misses;
  stores += other.stores;
  conditional_stores += other.conditional_stores;
  modifications += other.modifications;
  won += other.won;
  lost += other.lost;
  exists += other.exists;
  removes += other.removes;
  compare_removes += other.compare_removes;
  expires += other.expires;
  compare_expires += other.compare_expires;
  changes += other.changes;
  opaque += other.opaque;
  return *this;
}

void pattern_state::absorb(pattern_state& other) {
  other.united = index;
  if (first_key.empty()) first_key = other.first_key;
  keys += std::exchange(other.keys, 0);
  counts += std::exchange(other.counts, {});
  text_stores += other.text_stores;
  small_stores += other.small_stores;
  value_stores += other.value_stores;
  for (std::size_t i = 0; i < other.stored_different; ++i) note_value(other.stored_hashes[i]);
  loads += std::exchange(other.loads, 0);
  origin_loads += std::exchange(other.origin_loads, 0);
  cold_events += std::exchange(other.cold_events, 0);
  contended_cold_events += std::exchange(other.contended_cold_events, 0);
  contended_cold_events_excused += std::exchange(other.contended_cold_events_excused, 0);
  plain_sets += other.plain_sets;
  plain_releases += other.plain_releases;
  plain_releases_after_load += other.plain_releases_after_load;
  lock_holds += other.lock_holds;
  lock_holds_removed += other.lock_holds_removed;
  lock_holds_with_value += other.lock_holds_with_value;
  stores_same_connection += other.stores_same_connection;
  stores_other_connection += other.stores_other_connection;
  longest_value = std::max(longest_value, other.longest_value);
  longest_token = std::max(longest_token, other.longest_token);
  refreshes += other.refreshes;
  load_times.merge(other.load_times);
  sure_load_times.merge(other.sure_load_times);
  votes.insert(votes.end(), other.votes.begin(), other.votes.end());
}

void pattern_state::note_value(std::uint64_t hash) {
  const auto known = stored_hashes.begin() + stored_different;
  if (stored_different == stored_hashes.size()) return;
  if (std::find(stored_hashes.begin(), known, hash) != known) return;
  *known = hash;
  ++stored_different;
}

moment pattern_state::load_time() const {
  if (refreshes == 0) return load_times.median();
  if (sure_load_times.count() > 0) return sure_load_times.median();
  // A time that is really that of a refresh is too short, never too long. The long times are right.
  constexpr double nearly_all = 0.9;
  return load_times.quantile(nearly_all);
}

key_state::key_state() = default;
key_state::~key_state() = default;
key_state::key_state(key_state&&) noexcept = default;
key_state& key_state::operator=(key_state&&) noexcept = default;

}  // namespace drover::audit
