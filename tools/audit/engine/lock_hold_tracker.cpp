// SPDX-License-Identifier: MIT
#include "audit/engine/lock_hold_tracker.hpp"

#include <algorithm>
#include <limits>

#include "audit/capture/key_pattern.hpp"

namespace drover::audit {

namespace {

constexpr std::size_t former_max = 4;
constexpr std::size_t losers_max = 64;
constexpr std::size_t open_max = 16;
constexpr std::size_t workers_max = 16'384;
constexpr std::size_t votes_max = 8;

using std::chrono::seconds;
/// A client that has not tried again for this long has given up.
constexpr moment loser_forgotten = seconds(30);
/// A client that tries again later than this begins a new wait.
constexpr moment same_wait = std::chrono::milliseconds(500);
/// An older miss is unrelated to the lock.
constexpr moment miss_to_lock = seconds(10);

}  // namespace

lock_hold_tracker::lock_hold_tracker(key_table& keys, const connection_book& connections,
                                     cold_tracker& colds, fact_sink& sink, std::size_t locks_max)
    : keys_(keys), connections_(connections), colds_(colds), sink_(sink), locks_max_(locks_max) {}

lock_book& lock_hold_tracker::book_of(key_state& lock) {
  if (lock.lock != nullptr) return *lock.lock;
  while (locks_ >= locks_max_ && !opened_.empty()) {
    key_state* const oldest = keys_.find(opened_.front());
    opened_.pop_front();
    if (oldest != nullptr && oldest->lock != nullptr) close(*oldest, false, moment{});
  }
  ++locks_;
  if (opened_.size() > 2 * locks_ + 64) {
    std::erase_if(opened_, [&](key_ref ref) {
      const key_state* const key = keys_.find(ref);
      return key == nullptr || key->lock == nullptr;
    });
  }
  opened_.push_back(lock.ref);
  lock.lock = std::make_unique<lock_book>();
  return *lock.lock;
}

lock_hold_tracker::worker& lock_hold_tracker::worker_of(std::uint32_t process) {
  if (workers_.size() >= workers_max && !workers_.contains(process)) process = 0;
  return workers_[process];
}

void lock_hold_tracker::acquire(key_state& lock, const op& operation) {
  if (operation.outcome == op_outcome::yes) won(lock, operation);
  if (operation.outcome == op_outcome::no) lost(lock, operation);
  if (operation.outcome != op_outcome::yes && operation.outcome != op_outcome::no) return;
  note_flow(lock, operation);
  report_attempt(lock, operation);
}

/// A caller misses a value and then tries its lock: on one connection, or on two of a pool.
void lock_hold_tracker::note_flow(const key_state& lock, const op& operation) {
  worker& process = worker_of(operation.process);
  const split_name lock_name(lock.name);
  bool elsewhere = false;
  for (const missed_key& miss : process.missed) {
    if (miss.summary.done > operation.sent || operation.sent - miss.summary.done > same_wait)
      continue;
    const key_state* const value = keys_.find(miss.key);
    if (value == nullptr || affinity(lock_name, split_name(value->name)) <= 0) continue;
    if (miss.summary.connection == operation.connection) {
      ++process.kept;
      return;
    }
    elsewhere = true;
  }
  if (elsewhere) ++process.changed;
}

void lock_hold_tracker::set_lease(lock_hold& hold, const op& operation) {
  if (operation.on_ttl == ttl_effect::none) hold.lease.ends = false;
  if (operation.on_ttl != ttl_effect::set) return;
  hold.lease.ends = true;
  hold.lease.earliest_end = operation.sent + operation.ttl;
  hold.lease.latest_end = operation.done + operation.ttl;
}

void lock_hold_tracker::won(key_state& lock, const op& operation) {
  lock_book& book = book_of(lock);
  lock_hold hold;
  if (book.current) {
    lock_hold& before = *book.current;
    before.after.next_win = op_summary(operation);
    const bool ran_out = may_be_over(before, operation);
    hold.before.has_missing_holder = ran_out && !before.after.holder_returned;
    hold.before.won = before.won;
    end(lock, ran_out ? lock_hold::ending::ran_out : lock_hold::ending::release_unseen);
  } else if (!book.former.empty()) {
    lock_hold& before = book.former.back();
    if (!before.after.next_win) before.after.next_win = op_summary(operation);
    const bool deleted =
        before.end.by_other != lock_hold::other_remover::no && !before.end.removed_again;
    hold.before.has_missing_holder =
        (before.end.kind == lock_hold::ending::ran_out || deleted) && !before.after.holder_returned;
    hold.before.won = before.won;
  }
  hold.number = ++last_number_;
  hold.lock = lock.ref;
  hold.pattern = lock.pattern->index;
  hold.won = op_summary(operation);
  hold.is_text = operation.is_text;
  if (operation.on_ttl == ttl_effect::set) {
    hold.ttl.source = ttl_source::same_command;
    hold.ttl.duration = operation.ttl;
  }
  if (operation.on_ttl == ttl_effect::unknown) hold.ttl.source = ttl_source::unknown;
  set_lease(hold, operation);
  take_losses(book, operation, hold);
  find_value(lock, operation, hold);
  book.current = std::move(hold);
  worker& process = worker_of(operation.process);
  if (process.open.size() >= open_max) process.open.erase(process.open.begin());
  process.open.push_back(lock.ref);
}

void lock_hold_tracker::take_losses(lock_book& book, const op& operation, lock_hold& hold) {
  // Take the losses of the same connection, or else those of the process, whose pool may have
  // changed the connection.
  auto at = std::find_if(book.losers.begin(), book.losers.end(), [&](const lock_book::loser& l) {
    return l.connection == operation.connection;
  });
  if (at == book.losers.end()) {
    at = std::find_if(book.losers.begin(), book.losers.end(),
                      [&](const lock_book::loser& l) { return l.process == operation.process; });
  }
  if (at != book.losers.end() && operation.sent - at->last.done <= same_wait) {
    hold.retry.last_loss = at->last;
    hold.retry.first_loss = at->first;
    hold.retry.gap = at->gap > moment::zero() ? at->gap : operation.sent - at->last.done;
    book.losers.erase(at);
  }
  std::erase_if(book.losers, [&](const lock_book::loser& l) {
    return operation.sent - l.last.done > loser_forgotten;
  });
}

void lock_hold_tracker::find_value(key_state& lock, const op& operation, lock_hold& hold) {
  const lock_book& book = *lock.lock;
  const worker& process = worker_of(operation.process);
  const split_name lock_name(lock.name);
  int best = -1;
  for (const missed_key& miss : process.missed) {
    const key_state* const value = keys_.find(miss.key);
    if (value == nullptr || miss.key == lock.ref || miss.summary.done > operation.sent) continue;
    if (operation.sent - miss.summary.done > miss_to_lock) continue;
    int name_affinity = affinity(lock_name, split_name(value->name));
    if (name_affinity < 0) continue;
    // If the names share nothing, only a miss on the same connection counts.
    if (name_affinity == 0 && miss.summary.connection != operation.connection) continue;
    if (miss.key == book.value) name_affinity = std::max(name_affinity, book.affinity);
    if (name_affinity < best) continue;
    best = name_affinity;
    hold.value.key = miss.key;
    hold.value.affinity = name_affinity;
    hold.value.missed = miss.summary;
  }
  if (key_state* const value = keys_.find(hold.value.key);
      value != nullptr && hold.value.affinity > 0) {
    value->guard = lock.ref;
  }
  if (!hold.value.key.is_set() && book.value.is_set() && book.affinity >= 2) {
    hold.value.key = book.value;
    hold.value.affinity = book.affinity;
  }
}

void lock_hold_tracker::report_attempt(key_state& lock, const op& operation) {
  lock_book& book = *lock.lock;
  if (book.current && operation.outcome == op_outcome::yes && book.current->value.key.is_set()) {
    book.value = book.current->value.key;
    book.affinity = book.current->value.affinity;
  }
  key_ref ref = book.value;
  int name_affinity = book.affinity;
  if (operation.outcome == op_outcome::no && (!ref.is_set() || name_affinity < 2)) {
    lock_hold probe;  // finds the value as if the client had won
    find_value(lock, operation, probe);
    if (probe.value.key.is_set() && probe.value.affinity >= name_affinity) {
      ref = probe.value.key;
      name_affinity = probe.value.affinity;
      book.value = ref;
      book.affinity = name_affinity;
    }
  }
  key_state* const value = keys_.find(ref);
  if (value != nullptr && value->cold != nullptr)
    colds_.lock_attempted(*value, lock, operation, name_affinity);
}

void lock_hold_tracker::lost(key_state& lock, const op& operation) {
  lock_book& book = book_of(lock);
  book.last_lost = op_summary(operation);
  auto at = std::find_if(book.losers.begin(), book.losers.end(), [&](const lock_book::loser& l) {
    return l.connection == operation.connection;
  });
  if (at == book.losers.end()) {
    if (book.losers.size() >= losers_max) book.losers.erase(book.losers.begin());
    book.losers.push_back({operation.connection, operation.process, 1, operation.sent,
                           op_summary(operation), moment{}});
    at = std::prev(book.losers.end());
    if (book.current) ++book.current->contention.losers;
  } else {
    if (book.current && at->last.done <= book.current->won.sent) ++book.current->contention.losers;
    if (operation.sent - at->last.done > same_wait) {
      *at = {operation.connection, operation.process, 0, operation.sent, op_summary(operation), {}};
    }
    at->gap = operation.sent - at->last.done;
    ++at->losses;
    at->last = op_summary(operation);
  }
  if (!book.current) return;
  lock_hold& holder = *book.current;
  ++holder.contention.losses;
  holder.contention.longest_wait = std::max(holder.contention.longest_wait,
                                            operation.done - std::max(at->first, holder.won.sent));
}

void lock_hold_tracker::end(key_state& lock, lock_hold::ending kind) {
  lock_book& book = *lock.lock;
  lock_hold& holder = *book.current;
  holder.end.kind = kind;
  worker& process = worker_of(holder.won.process);
  const auto at = std::find(process.open.begin(), process.open.end(), lock.ref);
  if (at != process.open.end()) process.open.erase(at);
  book.former.push_back(std::move(holder));
  book.current.reset();
  if (book.former.size() > former_max) retire(lock);
}

void lock_hold_tracker::retire(key_state& lock) {
  std::vector<lock_hold>& former = lock.lock->former;
  const lock_hold oldest = std::move(former.front());
  former.erase(former.begin());
  report(lock, oldest);
}

void lock_hold_tracker::report(key_state& lock, const lock_hold& hold) {
  pattern_state& pattern = *lock.pattern;
  ++pattern.lock_holds;
  if (hold.end.kind == lock_hold::ending::removed) ++pattern.lock_holds_removed;
  if (hold.value.missed || hold.value.store_count > 0) ++pattern.lock_holds_with_value;
  const key_state* const value = keys_.find(hold.value.key);
  if (value != nullptr) {
    auto& votes = pattern.votes;
    auto at = std::find_if(votes.begin(), votes.end(),
                           [&](const auto& v) { return v.first == value->pattern->index; });
    if (at == votes.end() && votes.size() < votes_max) {
      at = votes.insert(votes.end(), {value->pattern->index, 0});
    }
    // A store during the hold is stronger evidence than a miss before it.
    if (at != votes.end()) at->second += hold.value.store_count > 0 ? 2 : 1;
  }
  sink_.take(hold, lock);
}

void lock_hold_tracker::close(key_state& lock, bool run_over, moment now) {
  lock_book& book = *lock.lock;
  if (book.current) {
    const bool over = run_over && book.current->lease.ends && now > book.current->lease.latest_end;
    end(lock, over ? lock_hold::ending::ran_out : lock_hold::ending::open);
  }
  while (!book.former.empty()) retire(lock);
  lock.lock.reset();
  --locks_;
}

}  // namespace drover::audit
