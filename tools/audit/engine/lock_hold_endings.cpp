// SPDX-License-Identifier: MIT
// How lock holds end and change: releases, renewals, and what comes late.
#include <algorithm>

#include "audit/capture/key_pattern.hpp"
#include "audit/engine/lock_hold_tracker.hpp"

namespace drover::audit {

namespace {

constexpr std::size_t gets_max = 32;
constexpr std::size_t missed_max = 16;
/// A GET and a DEL farther apart do not belong together.
constexpr moment get_to_removal = std::chrono::seconds(2);

/// From the win to the holder's second look there is nothing but its own next line.
constexpr moment look_again = std::chrono::milliseconds(3);

bool ended_unseen(const lock_hold& who) {
  return who.how == lock_hold::ending::ran_out || who.how == lock_hold::ending::release_unseen;
}

}  // namespace

bool may_be_over(const lock_hold& who, const op& what) {
  return who.has_lease && what.done >= who.lease_from;
}

/// Whose lock hold a delete that found the lock has ended; null: that of none that is known.
lock_hold* lock_hold_tracker::removed_by(lock_book& book, const op& what) {
  if (book.current && book.current->won.done <= what.sent) return &*book.current;
  // It overlaps with the win of the current holder, or nobody holds the lock: then it may be the
  // release that made the last win possible.
  for (auto at = book.former.rbegin(); at != book.former.rend(); ++at) {
    if (at->how == lock_hold::ending::release_unseen && at->won.done <= what.sent) return &*at;
  }
  return book.current ? &*book.current : nullptr;
}

lock_hold* lock_hold_tracker::with_token(lock_book& book, const op& what) {
  if (what.value.hash == 0) return nullptr;
  if (book.current && book.current->won.value == what.value) return &*book.current;
  for (auto at = book.former.rbegin(); at != book.former.rend(); ++at) {
    if (at->won.value == what.value) return &*at;
  }
  return nullptr;
}

/// A holder is heard of when its lock hold is over.
void lock_hold_tracker::came_late(lock_book& book, lock_hold& who, const op& what) {
  if (who.came_back) return;
  who.came_back = op_summary(what);
  note_late_store(book, who, what);
  if (book.current && !book.former.empty() && &who == &book.former.back()) {
    book.current->before_unheard = false;
  }
}

/// The holder is back: what it has just stored, it stored when its lease was over.
void lock_hold_tracker::note_late_store(lock_book& book, lock_hold& who, const op& what) {
  const key_state* const value = keys_.find(who.value);
  if (value == nullptr || !value->last_store || who.late_store || who.store_count > 0) return;
  const op_summary& store = *value->last_store;
  const bool own = store.connection == what.connection ||
                   (store.process == what.process && connections_.is_multiplexed(what.connection));
  if (!own || store.done > what.sent || store.sent < who.lease_to) return;
  if (store.only_if != store_condition::none) return;
  load late;
  late.key = value->ref;
  late.store = store;
  late.began = who.won.sent;
  late.lock_hold = who.number;
  who.late_store = late;
  if (!book.current) return;
  // It was taken for the current holder's, who is of the same process.
  std::vector<load>& stores = book.current->stores;
  const auto at = std::find_if(stores.begin(), stores.end(),
                               [&](const load& l) { return l.store.sequence == store.sequence; });
  if (at == stores.end()) return;
  stores.erase(at);
  --book.current->store_count;
}

/// A store by a process whose lease on the lock of this value is over, and that does not hold it
/// again.
bool lock_hold_tracker::late(key_state& value, const op& what) {
  key_state* const lock = keys_.find(value.guard);
  if (lock == nullptr || lock->lock == nullptr) return false;
  lock_book& book = *lock->lock;
  if (book.current && connections_.may_be_one(book.current->won.process, what.process) &&
      !(book.current->has_lease && what.sent >= book.current->lease_to)) {
    return false;
  }
  const auto is_late = [&](lock_hold& who) {
    return who.won.process == what.process && who.value == value.ref && who.store_count == 0 &&
           !who.late_store && who.has_lease && what.sent >= who.lease_to;
  };
  lock_hold* found = nullptr;
  if (book.current && is_late(*book.current)) found = &*book.current;
  for (auto at = book.former.rbegin(); at != book.former.rend() && found == nullptr; ++at) {
    if (ended_unseen(*at) && is_late(*at)) found = &*at;
  }
  if (found == nullptr || what.only_if != store_condition::none) return false;
  load made;
  made.key = value.ref;
  made.store = op_summary(what);
  made.began = found->won.sent;
  made.lock_hold = found->number;
  found->late_store = made;
  return true;
}

/// The last GET of the lock by whoever deletes it now.
std::optional<op_summary> lock_hold_tracker::take_read(lock_book& book, const op& what) {
  auto read = book.gets.end();
  for (auto each = book.gets.begin(); each != book.gets.end(); ++each) {
    if (each->done > what.sent || what.sent - each->done > get_to_removal) continue;
    if (each->connection == what.connection) {
      read = each;
      break;
    }
    if (each->process == what.process) read = each;
  }
  if (read == book.gets.end()) return std::nullopt;
  std::optional<op_summary> taken = *read;
  // It is spent: each delete has a GET of its own.
  book.gets.erase(read);
  return taken;
}

/// Whether it was another than the holder who deleted the lock, as far as that can be told.
lock_hold::another lock_hold_tracker::not_the_holder(const lock_book& book, const lock_hold& ended,
                                                     const op& what) const {
  const auto differ = [](const digest& a, const digest& b) {
    return a.hash != 0 && b.hash != 0 && !(a == b);
  };
  const std::optional<op_summary>& read = ended.read_before_removal;
  if (read && read->connection == what.connection && differ(read->value, ended.won.value) &&
      read->sent <= ended.won.done) {
    return lock_hold::another::by_token;
  }
  // It had read the holder's own token: it is the holder, as far as it can know.
  if (read && read->value == ended.won.value) return lock_hold::another::no;
  const bool same = what.process == ended.won.process;
  if (!same && connections_.may_be_one(what.process, ended.won.process))
    return lock_hold::another::no;
  const bool known = what.process != 0 && ended.won.process != 0;
  const bool lost =
      std::any_of(book.losers.begin(), book.losers.end(), [&](const lock_book::loser& l) {
        return l.connection == what.connection && l.last.sent >= ended.won.sent;
      });
  const bool was_before = ended.before_unheard && ended.before_won.process == what.process;
  if (known && !same) {
    return was_before || lost ? lock_hold::another::by_process : lock_hold::another::no;
  }
  if (what.connection == ended.won.connection || connections_.is_multiplexed(what.connection) ||
      connections_.is_multiplexed(ended.won.connection)) {
    return lock_hold::another::no;
  }
  const bool by_former = was_before && ended.before_won.connection == what.connection;
  return by_former || lost ? lock_hold::another::by_connection : lock_hold::another::no;
}

/// A value is deleted: if its lock was in the same batch, that was no release.
void lock_hold_tracker::value_removed(const key_state& value, const op& what) {
  key_state* const lock = keys_.find(value.guard);
  if (lock == nullptr || lock->lock == nullptr) return;
  for (lock_hold& each : lock->lock->former) {
    if (each.ended && each.ended->connection == what.connection &&
        each.ended->batch == what.batch) {
      each.removed_with_value = true;
      each.ended_by = lock_hold::another::no;
    }
  }
}

void lock_hold_tracker::note_removal(lock_book& book, lock_hold& ended, const op& what) {
  ended.ended = op_summary(what);
  const key_state* const value = keys_.find(ended.value);
  if (value != nullptr && value->last_remove && value->last_remove->connection == what.connection &&
      value->last_remove->batch == what.batch) {
    ended.removed_with_value = true;
    return;
  }
  ended.read_before_removal = take_read(book, what);
  if (what.is != op_kind::remove) return;
  ended.ended_by = not_the_holder(book, ended, what);
  if (ended.ended_by == lock_hold::another::no || !ended.before_unheard) return;
  // It was the holder before, who is heard of by this.
  for (auto at = book.former.rbegin(); at != book.former.rend(); ++at) {
    if (at->won.sequence == ended.before_won.sequence && ended_unseen(*at)) {
      came_late(book, *at, what);
    }
  }
  ended.before_unheard = true;  // it was, until this delete
}

void lock_hold_tracker::remove(key_state& lock, const op& what) {
  if (lock.lock == nullptr) return;
  lock_book& book = *lock.lock;
  if (what.came == op_outcome::no) {
    gone(lock, what);
    return;
  }
  if (what.came != op_outcome::yes) return;
  lock_hold* const ended = removed_by(book, what);
  if (ended == nullptr) {
    gone(lock, what);
    return;
  }
  note_removal(book, *ended, what);
  if (book.current && ended == &*book.current) {
    end(lock, lock_hold::ending::removed);
  } else {
    ended->how = lock_hold::ending::removed;
  }
}

/// A delete that found nothing, or found what nobody is known to hold.
void lock_hold_tracker::gone(key_state& lock, const op& what) {
  lock_book& book = *lock.lock;
  if (book.current && may_be_over(*book.current, what) && book.current->won.done <= what.sent) {
    lock_hold& holder = *book.current;
    const bool own = holder.won.process == what.process;
    end(lock, lock_hold::ending::ran_out);
    if (own && !book.former.empty()) came_late(book, book.former.back(), what);
    return;
  }
  if (book.current || book.former.empty()) return;
  // Of one whose end was not seen; where connections do not tell, of one of the same process.
  const bool is_latest = book.former.back().won.connection == what.connection;
  for (auto at = book.former.rbegin(); at != book.former.rend(); ++at) {
    if (!ended_unseen(*at) || at->won.process != what.process) continue;
    if (at->won.connection != what.connection && is_latest) continue;
    came_late(book, *at, what);
    return;
  }
  lock_hold& latest = book.former.back();
  if (latest.how == lock_hold::ending::removed && !latest.removed_again) {
    latest.removed_again = op_summary(what);
  }
}

void lock_hold_tracker::compare_remove(key_state& lock, const op& what) {
  if (lock.lock == nullptr) return;
  lock_book& book = *lock.lock;
  lock_hold* who = with_token(book, what);
  if (what.came == op_outcome::yes) {
    if (who == nullptr) who = removed_by(book, what);
    if (who == nullptr) return;
    note_removal(book, *who, what);
    if (book.current && who == &*book.current) {
      end(lock, lock_hold::ending::compare_removed);
    } else {
      who->how = lock_hold::ending::compare_removed;
    }
    return;
  }
  if (what.came != op_outcome::no) return;
  if (who == nullptr) {
    // The token is not known: the latest of this process whose end was not seen.
    for (auto at = book.former.rbegin(); at != book.former.rend() && who == nullptr; ++at) {
      if (ended_unseen(*at) && at->won.process == what.process) who = &*at;
    }
    if (who == nullptr && book.current && book.current->won.process == what.process) {
      who = &*book.current;
    }
  }
  if (who == nullptr) return;
  if (book.current && who == &*book.current) {
    // Refused although nobody else won: its lease is over, or somebody deleted the lock.
    const bool over = may_be_over(*who, what);
    end(lock, over ? lock_hold::ending::ran_out : lock_hold::ending::release_unseen);
    if (book.former.empty()) return;
    who = &book.former.back();
  }
  came_late(book, *who, what);
}

void lock_hold_tracker::expire(key_state& lock, const op& what) {
  if (lock.lock == nullptr || what.came != op_outcome::yes) return;
  lock_book& book = *lock.lock;
  if (!book.current) return;
  lock_hold& holder = *book.current;
  if (book.last_lost && book.last_lost->connection == what.connection &&
      book.last_lost->transaction != 0 && book.last_lost->transaction == what.transaction) {
    ++holder.extended_by_losers;
    set_lease(holder, what);
    return;
  }
  if (holder.ttl_came == lock_hold::ttl_by::none && what.ttl_how != ttl_effect::none) {
    const bool same_connection = holder.won.connection == what.connection;
    if (same_connection && what.transaction != 0 && holder.won.transaction == what.transaction) {
      holder.ttl_came = lock_hold::ttl_by::same_transaction;
    } else if (same_connection && holder.won.batch == what.batch) {
      holder.ttl_came = lock_hold::ttl_by::same_batch;
    } else {
      holder.ttl_came = lock_hold::ttl_by::later;
    }
    holder.ttl = what.ttl;
    holder.ttl_set = op_summary(what);
  } else {
    ++holder.renewals;
  }
  set_lease(holder, what);
}

void lock_hold_tracker::compare_expire(key_state& lock, const op& what) {
  if (lock.lock == nullptr) return;
  lock_book& book = *lock.lock;
  lock_hold* who = with_token(book, what);
  if (who == nullptr && book.current && book.current->won.process == what.process) {
    who = &*book.current;
  }
  if (who == nullptr) return;
  const bool is_current = book.current && who == &*book.current;
  if (what.came == op_outcome::yes && is_current) {
    ++who->renewals;
    set_lease(*who, what);
  } else if (what.came == op_outcome::no && is_current && may_be_over(*who, what)) {
    end(lock, lock_hold::ending::ran_out);
    if (!book.former.empty()) came_late(book, book.former.back(), what);
  } else if (what.came == op_outcome::no && !is_current && ended_unseen(*who)) {
    came_late(book, *who, what);
  }
}

void lock_hold_tracker::store(key_state& lock, const op& what) {
  if (lock.lock == nullptr || what.came != op_outcome::yes) return;
  lock_book& book = *lock.lock;
  if (!book.current) return;
  // The holder writes it once more, with the same token or another: it holds on.
  ++book.current->renewals;
  set_lease(*book.current, what);
}

void lock_hold_tracker::looked(key_state& lock, const op& what) {
  lock_book& book = *lock.lock;
  if (what.is_hit()) {
    const auto at = std::find_if(book.gets.begin(), book.gets.end(), [&](const op_summary& m) {
      return m.connection == what.connection;
    });
    if (at != book.gets.end()) {
      *at = op_summary(what);
    } else {
      if (book.gets.size() >= gets_max) book.gets.erase(book.gets.begin());
      book.gets.emplace_back(what);
    }
  }
  const bool held = what.came == op_outcome::yes;
  key_state* const value = keys_.find(book.value);
  const bool other = !book.current || book.current->won.process != what.process;
  if (held && other && value != nullptr && value->cold != nullptr) colds_.polled(*value, what);
}

bool lock_hold_tracker::read(key_state& value, const op& what) {
  worker& who = worker_of(what.process);
  bool again = false;
  for (const key_ref each : who.open) {
    key_state* const lock = keys_.find(each);
    if (lock == nullptr || lock->lock == nullptr || !lock->lock->current) continue;
    lock_hold& holder = *lock->lock->current;
    if (!(holder.value == value.ref) || holder.store_count > 0) continue;
    if (holder.won.done > what.sent) continue;
    // Later than that, the connection may be another's of the pool.
    if (what.connection == holder.won.connection && what.sent - holder.won.done < look_again) {
      holder.looked_again_here = true;
    }
    if (holder.looked_again) continue;
    holder.looked_again = true;
    holder.missed_again = what.is_miss();
    again = true;
  }
  if (what.is_miss()) {
    if (who.missed.size() >= missed_max) who.missed.erase(who.missed.begin());
    who.missed.push_back({value.ref, op_summary(what)});
  }
  return again;
}

void lock_hold_tracker::attach(key_state& value, lock_hold& holder, const op& what, const load* own,
                               int fits) {
  if (!holder.value.is_set() || holder.store_count == 0) {
    holder.value = value.ref;
    holder.fits = std::max(holder.fits, fits);
  }
  ++holder.store_count;
  if (holder.stores.size() >= lock_hold::stores_max) return;
  load made;
  if (own != nullptr) made = *own;
  made.key = value.ref;
  made.store = op_summary(what);
  made.by_nx = what.is == op_kind::acquire;
  if (own == nullptr) made.began = what.sent;
  made.lock_hold = holder.number;
  holder.stores.push_back(std::move(made));
}

std::uint64_t lock_hold_tracker::stored(key_state& value, const op& what, load* own) {
  if (late(value, what)) return 0;
  worker& who = worker_of(what.process);
  if (who.open.empty()) return 0;
  const split_name value_name(value.name);
  lock_hold* best = nullptr;
  int best_fits = -1;
  for (const key_ref each : who.open) {
    key_state* const lock = keys_.find(each);
    if (lock == nullptr || lock == &value || lock->lock == nullptr) continue;
    if (!lock->lock->current || lock->lock->current->won.done > what.sent) continue;
    lock_hold& holder = *lock->lock->current;
    const int fits = holder.value == value.ref ? 3 : affinity(split_name(lock->name), value_name);
    // Names say nothing: the only lock of this process, or taken on the same connection.
    const bool near = who.open.size() == 1 || (holder.won.connection == what.connection &&
                                               !connections_.is_multiplexed(what.connection));
    if (fits < 0 || (fits == 0 && (!near || holder.value.is_set()))) continue;
    if (fits > best_fits) {
      best = &holder;
      best_fits = fits;
    }
  }
  if (best == nullptr) return 0;
  if (own != nullptr) {
    own->lock_hold = best->number;
    own->began = std::max(own->began, best->won.sent);
  }
  attach(value, *best, what, own, best_fits);
  value.guard = best->lock;
  pattern_state& pattern = *keys_.find(best->lock)->pattern;
  ++(what.connection == best->won.connection ? pattern.stores_here : pattern.stores_elsewhere);
  lock_book& book = *keys_.find(best->lock)->lock;
  if (!book.value.is_set() || best_fits >= book.fits) {
    book.value = value.ref;
    book.fits = best_fits;
  }
  return best->number;
}

}  // namespace drover::audit
