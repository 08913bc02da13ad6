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
/// Whoever has not tried again for so long has given up.
constexpr moment loser_forgotten = seconds(30);
/// A miss before a lock that is older has nothing to do with it.
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
      const key_state* const there = keys_.find(ref);
      return there == nullptr || there->lock == nullptr;
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

void lock_hold_tracker::acquire(key_state& lock, const op& what) {
  if (what.came == op_outcome::yes) won(lock, what);
  if (what.came == op_outcome::no) lost(lock, what);
  if (what.came == op_outcome::yes || what.came == op_outcome::no) link_try(lock, what);
}

void lock_hold_tracker::set_lease(lock_hold& who, const op& what) {
  if (what.ttl_how == ttl_effect::none) who.has_lease = false;
  if (what.ttl_how != ttl_effect::set) return;
  who.has_lease = true;
  who.lease_from = what.sent + what.ttl;
  who.lease_to = what.done + what.ttl;
}

void lock_hold_tracker::won(key_state& lock, const op& what) {
  lock_book& book = book_of(lock);
  lock_hold made;
  if (book.current) {
    lock_hold& before = *book.current;
    before.next_won = op_summary(what);
    const bool ran_out = may_be_over(before, what);
    made.before_unheard = ran_out && !before.came_back;
    made.before_won = before.won;
    end(lock, ran_out ? lock_hold::ending::ran_out : lock_hold::ending::release_unseen);
  } else if (!book.former.empty()) {
    lock_hold& before = book.former.back();
    if (!before.next_won) before.next_won = op_summary(what);
    const bool deleted = before.ended_by != lock_hold::another::no && !before.removed_again;
    made.before_unheard =
        (before.how == lock_hold::ending::ran_out || deleted) && !before.came_back;
    made.before_won = before.won;
  }
  made.number = ++last_number_;
  made.lock = lock.ref;
  made.pattern = lock.pattern->index;
  made.won = op_summary(what);
  made.is_text = what.is_text;
  if (what.ttl_how == ttl_effect::set) {
    made.ttl_came = lock_hold::ttl_by::same_command;
    made.ttl = what.ttl;
  }
  if (what.ttl_how == ttl_effect::unknown) made.ttl_came = lock_hold::ttl_by::unknown;
  set_lease(made, what);
  take_losses(book, what, made);
  find_value(lock, what, made);
  book.current = std::move(made);
  worker& who = worker_of(what.process);
  if (who.open.size() >= open_max) who.open.erase(who.open.begin());
  who.open.push_back(lock.ref);
}

void lock_hold_tracker::take_losses(lock_book& book, const op& what, lock_hold& made) {
  // Those of the same connection; with pools, which change it, those of the process.
  auto at = std::find_if(book.losers.begin(), book.losers.end(), [&](const lock_book::loser& l) {
    return l.connection == what.connection;
  });
  if (at == book.losers.end()) {
    at = std::find_if(book.losers.begin(), book.losers.end(),
                      [&](const lock_book::loser& l) { return l.process == what.process; });
  }
  if (at != book.losers.end()) {
    made.lost_before = at->last;
    made.retry_gap = at->gap > moment::zero() ? at->gap : what.sent - at->last.done;
    book.losers.erase(at);
  }
  std::erase_if(book.losers, [&](const lock_book::loser& l) {
    return what.sent - l.last.done > loser_forgotten;
  });
}

void lock_hold_tracker::find_value(key_state& lock, const op& what, lock_hold& made) {
  const lock_book& book = *lock.lock;
  const worker& who = worker_of(what.process);
  const split_name lock_name(lock.name);
  int best = -1;
  for (const missed_key& each : who.missed) {
    const key_state* const value = keys_.find(each.key);
    if (value == nullptr || each.key == lock.ref || each.what.done > what.sent) continue;
    if (what.sent - each.what.done > miss_to_lock) continue;
    int fits = affinity(lock_name, split_name(value->name));
    if (fits < 0) continue;
    // Names say nothing: only what the same connection missed just before counts.
    if (fits == 0 && each.what.connection != what.connection) continue;
    if (each.key == book.value) fits = std::max(fits, book.fits);
    if (fits < best) continue;
    best = fits;
    made.value = each.key;
    made.fits = fits;
    made.missed_before = true;
    made.missed = each.what;
  }
  if (key_state* const value = keys_.find(made.value); value != nullptr && made.fits > 0) {
    value->guard = lock.ref;
  }
  if (!made.value.is_set() && book.value.is_set() && book.fits >= 2) {
    made.value = book.value;
    made.fits = book.fits;
  }
}

void lock_hold_tracker::link_try(key_state& lock, const op& what) {
  lock_book& book = *lock.lock;
  if (book.current && what.came == op_outcome::yes && book.current->value.is_set()) {
    book.value = book.current->value;
    book.fits = book.current->fits;
  }
  key_ref found = book.value;
  int fits = book.fits;
  if (what.came == op_outcome::no && (!found.is_set() || fits < 2)) {
    lock_hold probe;  // as if it had been won
    find_value(lock, what, probe);
    if (probe.value.is_set() && probe.fits >= fits) {
      found = probe.value;
      fits = probe.fits;
      book.value = found;
      book.fits = fits;
    }
  }
  key_state* const value = keys_.find(found);
  if (value != nullptr && value->cold != nullptr) colds_.tried(*value, lock, what, fits);
}

void lock_hold_tracker::lost(key_state& lock, const op& what) {
  lock_book& book = book_of(lock);
  book.last_lost = op_summary(what);
  auto at = std::find_if(book.losers.begin(), book.losers.end(), [&](const lock_book::loser& l) {
    return l.connection == what.connection;
  });
  if (at == book.losers.end()) {
    if (book.losers.size() >= losers_max) book.losers.erase(book.losers.begin());
    book.losers.push_back(
        {what.connection, what.process, 1, what.sent, op_summary(what), moment{}});
    at = std::prev(book.losers.end());
    if (book.current) ++book.current->losers;
  } else {
    if (book.current && at->last.done <= book.current->won.sent) ++book.current->losers;
    at->gap = what.sent - at->last.done;
    ++at->losses;
    at->last = op_summary(what);
  }
  if (!book.current) return;
  lock_hold& holder = *book.current;
  ++holder.losses;
  holder.longest_wait =
      std::max(holder.longest_wait, what.done - std::max(at->first, holder.won.sent));
}

void lock_hold_tracker::end(key_state& lock, lock_hold::ending how) {
  lock_book& book = *lock.lock;
  lock_hold& holder = *book.current;
  holder.how = how;
  worker& who = worker_of(holder.won.process);
  const auto at = std::find(who.open.begin(), who.open.end(), lock.ref);
  if (at != who.open.end()) who.open.erase(at);
  book.former.push_back(std::move(holder));
  book.current.reset();
  if (book.former.size() > former_max) retire(lock);
}

void lock_hold_tracker::retire(key_state& lock) {
  std::vector<lock_hold>& former = lock.lock->former;
  const lock_hold oldest = std::move(former.front());
  former.erase(former.begin());
  tell(lock, oldest);
}

void lock_hold_tracker::tell(key_state& lock, const lock_hold& what) {
  pattern_state& pattern = *lock.pattern;
  ++pattern.lock_holds;
  if (what.how == lock_hold::ending::removed) ++pattern.lock_holds_removed;
  if (what.missed_before || what.store_count > 0) ++pattern.lock_holds_with_value;
  const key_state* const value = keys_.find(what.value);
  if (value != nullptr) {
    auto& votes = pattern.votes;
    auto at = std::find_if(votes.begin(), votes.end(),
                           [&](const auto& v) { return v.first == value->pattern->index; });
    if (at == votes.end() && votes.size() < votes_max) {
      at = votes.insert(votes.end(), {value->pattern->index, 0});
    }
    // A store inside tells more than a miss before.
    if (at != votes.end()) at->second += what.store_count > 0 ? 2 : 1;
  }
  sink_.take(what, lock);
}

void lock_hold_tracker::close(key_state& lock, bool run_over, moment now) {
  lock_book& book = *lock.lock;
  if (book.current) {
    const bool over = run_over && book.current->has_lease && now > book.current->lease_to;
    end(lock, over ? lock_hold::ending::ran_out : lock_hold::ending::open);
  }
  while (!book.former.empty()) retire(lock);
  lock.lock.reset();
  --locks_;
}

}  // namespace drover::audit
