// SPDX-License-Identifier: MIT
#include "fetch/invalidation_journal.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace drover::fetch {

namespace {

constexpr std::chrono::seconds memory_of_done{60};
constexpr milliseconds first_pause{50};
constexpr milliseconds last_pause{1000};

microseconds pause_after(unsigned failures, double unit) noexcept {
  constexpr unsigned doublings_max = 5;  // more doublings would exceed last_pause
  const milliseconds pause =
      std::min(last_pause, first_pause * (1 << std::min(failures - 1, doublings_max)));
  return microseconds{static_cast<std::int64_t>(static_cast<double>(microseconds{pause}.count()) *
                                                (0.8 + 0.4 * unit))};
}

}  // namespace

invalidation_journal::number invalidation_journal::add(std::vector<std::string> keys,
                                                       const std::vector<std::string>& value_keys,
                                                       steady_time now) {
  forget_old(now);
  if (const number again = replace_older(keys, value_keys)) return again;
  if (size() >= capacity_ && done_.empty()) return not_kept;
  struct fresh_entry {  // removes its claims again unless it moved to a shelf
    ~fresh_entry() {
      for (auto& [at, invalidation] : alone) in.release(invalidation);
    }
    invalidation_journal& in;
    shelf alone;
  } fresh{*this, {}};
  shelf::value_type& at = *fresh.alone.try_emplace({{}, next_number_}).first;
  entry& invalidation = at.second;
  invalidation.keys = std::make_shared<const std::vector<std::string>>(std::move(keys));
  invalidation.claims.reserve(value_keys.size());
  for (const std::string& value_key : value_keys) claim_key(at, value_key);
  if (size() >= capacity_) forget_first_done();
  sent_.merge(fresh.alone);
  return next_number_++;
}

void invalidation_journal::acknowledged(number id, steady_time now) noexcept {
  shelf::node_type node = sent_.extract({{}, id});
  if (node.empty()) return;
  make_readable(node.mapped());
  node.mapped().failures = 0;
  node.mapped().was_pending = false;
  if (!node.mapped().first_done) node.mapped().first_done = now;
  node.key().when = *node.mapped().first_done;
  done_.insert(std::move(node));
  forget_old(now);
}

std::optional<steady_time> invalidation_journal::failed(number id, steady_time now,
                                                        double unit) noexcept {
  shelf::node_type node = sent_.extract({{}, id});
  if (node.empty()) return std::nullopt;
  entry& invalidation = node.mapped();
  if (!invalidation.was_pending) make_pending(invalidation);
  ++invalidation.failures;
  const steady_time due_at = now + pause_after(invalidation.failures, unit);
  node.key().when = due_at;
  waiting_.insert(std::move(node));
  return due_at;
}

std::vector<invalidation_journal::sending> invalidation_journal::due(steady_time now) {
  const auto end = waiting_.lower_bound({now + microseconds{1}, not_kept});
  std::vector<sending> out;
  out.reserve(static_cast<std::size_t>(std::distance(waiting_.begin(), end)));
  while (waiting_.begin() != end) out.push_back(send_again(waiting_, waiting_.begin()));
  return out;
}

std::optional<steady_time> invalidation_journal::next_due() const noexcept {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first.when;
}

void invalidation_journal::mark_pending(steady_time now, const scope& in) {
  forget_old(now);
  for (shelf* of : {&sent_, &waiting_, &done_}) {
    for (auto& [at, invalidation] : *of) {
      if (in(*invalidation.keys)) make_pending(invalidation);
    }
  }
}

std::vector<invalidation_journal::sending> invalidation_journal::connection_up(server which,
                                                                               steady_time now,
                                                                               const scope& in) {
  forget_old(now);
  std::vector<sending> out;
  out.reserve(size());
  const bool is_the_same = which == server::same;
  const number first_new = next_number_;
  for (shelf* from : {&sent_, &waiting_, &done_}) {
    if (is_the_same && from == &done_) break;
    for (auto at = from->begin(); at != from->end();) {
      const auto here = at++;
      if (here->first.id >= first_new) break;  // sent by this call
      entry& invalidation = here->second;
      if (!in(*invalidation.keys)) continue;
      // A lease from the former server must not settle invalidations on another one.
      const bool is_lost = from == &sent_ && !invalidation.was_pending;
      if (!is_the_same || is_lost) make_pending(invalidation);
      if (which == server::another) invalidation.first_done.reset();
      out.push_back(send_again(*from, here));
    }
  }
  return out;
}

bool invalidation_journal::is_pending(std::string_view value_key) const noexcept {
  if (pending_count_ == 0) return false;
  const auto at = keys_.find(value_key);
  return at != keys_.end() && !at->second.pending.empty();
}

void invalidation_journal::settle(std::string_view value_key, std::uint64_t lease_stamp) noexcept {
  const auto at = keys_.find(value_key);
  if (at == keys_.end()) return;
  auto& [pending, others] = at->second;
  while (!pending.empty() && pending.front().stamp < lease_stamp) {
    pending.front().is_pending = false;
    others.splice(others.end(), pending, pending.begin());
    --pending_count_;
  }
}

// Checks only the first claim on the first key: the one that became pending first, or the oldest.
// This bounds the search, and it suffices to keep the journal from filling up.
invalidation_journal::number invalidation_journal::replace_older(
    const std::vector<std::string>& keys, const std::vector<std::string>& value_keys) noexcept {
  const auto known = value_keys.empty() ? keys_.end() : keys_.find(value_keys.front());
  if (known == keys_.end()) return not_kept;
  const auto& [pending, others] = known->second;
  auto& [at, older] = *(pending.empty() ? others : pending).front().by;
  if (*older.keys != keys) return not_kept;
  for (shelf* from : {&waiting_, &done_}) {
    const auto position = from->find(at);
    if (position == from->end()) continue;
    if (older.was_pending) make_pending(older);  // a lease settles only earlier invalidations
    older.first_done.reset();
    return send_again(*from, position).id;
  }
  return not_kept;
}

void invalidation_journal::claim_key(shelf::value_type& by, const std::string& value_key) {
  std::list<claim> fresh;
  fresh.push_back({&by});
  key_table::value_type& key_entry = *keys_.try_emplace(value_key).first;
  // Does not allocate, because the capacity is reserved.
  by.second.claims.push_back({&key_entry, fresh.begin()});
  key_entry.second.others.splice(key_entry.second.others.end(), fresh);
}

// An entry that is already pending becomes the latest one.
void invalidation_journal::make_pending(entry& invalidation) noexcept {
  const std::uint64_t stamp = next_stamp_++;
  invalidation.was_pending = true;
  for (const claim_place& claimed : invalidation.claims) {
    auto& [pending, others] = claimed.key_entry->second;
    if (!claimed.at->is_pending) ++pending_count_;
    pending.splice(pending.end(), claimed.at->is_pending ? pending : others, claimed.at);
    claimed.at->stamp = stamp;
    claimed.at->is_pending = true;
  }
}

void invalidation_journal::make_readable(entry& invalidation) noexcept {
  for (const claim_place& claimed : invalidation.claims) {
    if (!claimed.at->is_pending) continue;
    auto& [pending, others] = claimed.key_entry->second;
    others.splice(others.end(), pending, claimed.at);
    claimed.at->is_pending = false;
    --pending_count_;
  }
}

void invalidation_journal::release(entry& invalidation) noexcept {
  make_readable(invalidation);
  for (const claim_place& claimed : invalidation.claims) {
    auto& [pending, others] = claimed.key_entry->second;
    others.erase(claimed.at);
    if (pending.empty() && others.empty()) keys_.erase(keys_.find(claimed.key_entry->first));
  }
}

void invalidation_journal::forget_first_done() noexcept {
  release(done_.begin()->second);
  done_.erase(done_.begin());
}

void invalidation_journal::forget_old(steady_time now) noexcept {
  while (!done_.empty() && done_.begin()->first.when + memory_of_done <= now) forget_first_done();
}

invalidation_journal::sending invalidation_journal::send_again(shelf& from,
                                                               shelf::const_iterator at) noexcept {
  shelf::node_type node = from.extract(at);
  node.key() = {{}, next_number_++};
  const sending out{node.key().id, node.mapped().keys};
  sent_.insert(std::move(node));
  return out;
}

}  // namespace drover::fetch
