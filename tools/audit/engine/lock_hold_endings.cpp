// SPDX-License-Identifier: MIT
// The ends and changes of lock holds: releases, renewals, and late commands of former holders.
#include <algorithm>

#include "audit/capture/key_pattern.hpp"
#include "audit/engine/lock_hold_tracker.hpp"

namespace drover::audit {

namespace {

constexpr std::size_t gets_max = 32;
constexpr std::size_t missed_max = 16;
constexpr std::size_t deletions_max = 64;
/// A GET and a DEL that are farther apart do not belong together.
constexpr moment get_to_removal = std::chrono::seconds(2);

/// A read this soon after the win, on the same connection, is the second look of the holder.
constexpr moment look_again = std::chrono::milliseconds(3);

bool ended_unseen(const lock_hold& hold) {
  return hold.end.kind == lock_hold::ending::ran_out ||
         hold.end.kind == lock_hold::ending::release_unseen;
}

}  // namespace

bool may_be_over(const lock_hold& hold, const op& operation) {
  return hold.lease.ends && operation.done >= hold.lease.earliest_end;
}

/// The lock hold that a successful delete ends; null if no known hold matches.
lock_hold* lock_hold_tracker::hold_removed_by(lock_book& book, const op& operation) {
  if (book.current && book.current->won.done <= operation.sent) return &*book.current;
  // The delete overlaps with the win of the current holder, or no client holds the lock. It may be
  // the release that made the last win possible.
  for (auto at = book.former.rbegin(); at != book.former.rend(); ++at) {
    if (at->end.kind == lock_hold::ending::release_unseen && at->won.done <= operation.sent)
      return &*at;
  }
  return book.current ? &*book.current : nullptr;
}

lock_hold* lock_hold_tracker::hold_with_token(lock_book& book, const op& operation) {
  if (operation.value.hash == 0) return nullptr;
  if (book.current && book.current->won.value == operation.value) return &*book.current;
  for (auto at = book.former.rbegin(); at != book.former.rend(); ++at) {
    if (at->won.value == operation.value) return &*at;
  }
  return nullptr;
}

/// Notes a command of a holder whose lock hold is over.
void lock_hold_tracker::holder_came_back(lock_book& book, lock_hold& hold, const op& operation) {
  if (hold.after.holder_returned) return;
  hold.after.holder_returned = op_summary(operation);
  note_late_store(book, hold, operation);
  if (book.current && !book.former.empty() && &hold == &book.former.back()) {
    book.current->before.has_missing_holder = false;
  }
}

/// The holder is back after its lease. If it has just stored the value, that was a late store.
void lock_hold_tracker::note_late_store(lock_book& book, lock_hold& hold, const op& operation) {
  const key_state* const value = keys_.find(hold.value.key);
  if (value == nullptr || !value->last_store || hold.after.late_store || hold.value.store_count > 0)
    return;
  const op_summary& store = *value->last_store;
  const bool is_own =
      store.connection == operation.connection ||
      (store.process == operation.process && connections_.is_multiplexed(operation.connection));
  if (!is_own || store.done > operation.sent || store.sent < hold.lease.latest_end) return;
  if (store.condition != store_condition::none) return;
  load late;
  late.key = value->ref;
  late.store = store;
  late.began = hold.won.sent;
  late.lock_hold = hold.number;
  hold.after.late_store = late;
  if (!book.current) return;
  // The store was counted for the current holder, which is of the same process.
  std::vector<load>& stores = book.current->value.stores;
  const auto at = std::find_if(stores.begin(), stores.end(),
                               [&](const load& l) { return l.store.sequence == store.sequence; });
  if (at == stores.end()) return;
  stores.erase(at);
  --book.current->value.store_count;
}

/// Records a late store: the process held the lock of this value, its lease is over, and it does
/// not hold the lock again. Returns whether the store is late.
bool lock_hold_tracker::record_late_store(key_state& value, const op& operation) {
  key_state* const lock = keys_.find(value.guard);
  if (lock == nullptr || lock->lock == nullptr) return false;
  lock_book& book = *lock->lock;
  if (book.current &&
      connections_.may_be_same_process(book.current->won.process, operation.process) &&
      !(book.current->lease.ends && operation.sent >= book.current->lease.latest_end)) {
    return false;
  }
  const auto is_late = [&](lock_hold& hold) {
    return hold.won.process == operation.process && hold.value.key == value.ref &&
           hold.value.store_count == 0 && !hold.after.late_store && hold.lease.ends &&
           operation.sent >= hold.lease.latest_end;
  };
  lock_hold* new_hold = nullptr;
  if (book.current && is_late(*book.current)) new_hold = &*book.current;
  for (auto at = book.former.rbegin(); at != book.former.rend() && new_hold == nullptr; ++at) {
    if (ended_unseen(*at) && is_late(*at)) new_hold = &*at;
  }
  if (new_hold == nullptr || operation.condition != store_condition::none) return false;
  load loaded;
  loaded.key = value.ref;
  loaded.store = op_summary(operation);
  loaded.began = new_hold->won.sent;
  loaded.lock_hold = new_hold->number;
  new_hold->after.late_store = loaded;
  return true;
}

/// Takes the last GET of the lock by the client that deletes it now.
std::optional<op_summary> lock_hold_tracker::take_read(lock_book& book, const op& operation) {
  auto read = book.gets.end();
  for (auto get = book.gets.begin(); get != book.gets.end(); ++get) {
    if (get->done > operation.sent || operation.sent - get->done > get_to_removal) continue;
    if (get->connection == operation.connection) {
      read = get;
      break;
    }
    if (get->process == operation.process) read = get;
  }
  if (read == book.gets.end()) return std::nullopt;
  std::optional<op_summary> result = *read;
  // A GET belongs to one delete only.
  book.gets.erase(read);
  return result;
}

/// The evidence that a client other than the holder deleted the lock.
lock_hold::other_remover lock_hold_tracker::other_remover_of(const lock_book& book,
                                                             const lock_hold& ended,
                                                             const op& operation) const {
  const auto differ = [](const digest& a, const digest& b) {
    return a.hash != 0 && b.hash != 0 && !(a == b);
  };
  const std::optional<op_summary>& read = ended.end.read_before;
  if (read && read->connection == operation.connection && differ(read->value, ended.won.value) &&
      read->sent <= ended.won.done) {
    return lock_hold::other_remover::by_token;
  }
  // The client had read the holder's own token. Nothing shows that it is not the holder.
  if (read && read->value == ended.won.value) return lock_hold::other_remover::no;
  const bool same = operation.process == ended.won.process;
  if (!same && connections_.may_be_same_process(operation.process, ended.won.process))
    return lock_hold::other_remover::no;
  const bool known = operation.process != 0 && ended.won.process != 0;
  const bool lost =
      std::any_of(book.losers.begin(), book.losers.end(), [&](const lock_book::loser& l) {
        return l.connection == operation.connection && l.last.sent >= ended.won.sent;
      });
  const bool was_before =
      ended.before.has_missing_holder && ended.before.won.process == operation.process;
  if (known && !same) {
    return was_before || lost ? lock_hold::other_remover::by_process : lock_hold::other_remover::no;
  }
  if (operation.connection == ended.won.connection ||
      connections_.is_multiplexed(operation.connection) ||
      connections_.is_multiplexed(ended.won.connection)) {
    return lock_hold::other_remover::no;
  }
  const bool by_former = was_before && ended.before.won.connection == operation.connection;
  return by_former || lost ? lock_hold::other_remover::by_connection : lock_hold::other_remover::no;
}

void lock_hold_tracker::remember_deletion(const key_state& key, const op& operation) {
  if (operation.outcome == op_outcome::failed) return;
  if (deletions_.size() >= deletions_max) deletions_.pop_front();
  deletions_.push_back({key.ref, operation.connection, operation.batch});
}

/// True if the batch that deletes the lock has already deleted its value: the known value, or a key
/// whose name has the same changing part as the lock.
bool lock_hold_tracker::deleted_with_value(const key_state& lock, const lock_hold& ended,
                                           const op& operation) const {
  const split_name lock_name(lock.name);
  return std::any_of(deletions_.begin(), deletions_.end(), [&](const deletion& other) {
    if (other.connection != operation.connection || other.batch != operation.batch) return false;
    if (other.key == ended.value.key) return true;
    const key_state* const key = keys_.find(other.key);
    return key != nullptr && key->lock == nullptr &&
           affinity(lock_name, split_name(key->name)) >= 2;
  });
}

/// If a value and its lock are deleted in one batch, this is an invalidation and not a release.
/// Here the lock was deleted first.
void lock_hold_tracker::value_removed(const key_state& value, const op& operation) {
  const split_name value_name(value.name);
  for (const deletion& other : deletions_) {
    if (other.connection != operation.connection || other.batch != operation.batch) continue;
    key_state* const lock = keys_.find(other.key);
    if (lock == nullptr || lock->lock == nullptr || lock == &value) continue;
    if (lock->ref != value.guard && affinity(split_name(lock->name), value_name) < 2) continue;
    for (lock_hold& hold : lock->lock->former) {
      if (hold.end.command && hold.end.command->connection == operation.connection &&
          hold.end.command->batch == operation.batch) {
        hold.end.with_value = true;
        hold.end.by_other = lock_hold::other_remover::no;
      }
    }
  }
}

void lock_hold_tracker::note_removal(const key_state& lock, lock_book& book, lock_hold& ended,
                                     const op& operation) {
  ended.end.command = op_summary(operation);
  if (deleted_with_value(lock, ended, operation)) {
    ended.end.with_value = true;
    return;
  }
  ended.end.read_before = take_read(book, operation);
  if (operation.kind != op_kind::remove) return;
  ended.end.by_other = other_remover_of(book, ended, operation);
  if (ended.end.by_other == lock_hold::other_remover::no || !ended.before.has_missing_holder)
    return;
  // The former holder deleted the lock, so its hold gets this command as the return of its holder.
  for (auto at = book.former.rbegin(); at != book.former.rend(); ++at) {
    if (at->won.sequence == ended.before.won.sequence && ended_unseen(*at)) {
      holder_came_back(book, *at, operation);
    }
  }
  ended.before.has_missing_holder = true;  // the holder was missing until this delete
}

void lock_hold_tracker::remove(key_state& lock, const op& operation) {
  value_removed(lock, operation);
  remember_deletion(lock, operation);
  if (lock.lock == nullptr) return;
  lock_book& book = *lock.lock;
  if (operation.outcome == op_outcome::no) {
    unmatched_removal(lock, operation);
    return;
  }
  if (operation.outcome != op_outcome::yes) return;
  lock_hold* const ended = hold_removed_by(book, operation);
  if (ended == nullptr) {
    unmatched_removal(lock, operation);
    return;
  }
  note_removal(lock, book, *ended, operation);
  if (book.current && ended == &*book.current) {
    end(lock, lock_hold::ending::removed);
  } else {
    ended->end.kind = lock_hold::ending::removed;
  }
}

/// A delete that found no lock, or a lock without a known holder.
void lock_hold_tracker::unmatched_removal(key_state& lock, const op& operation) {
  lock_book& book = *lock.lock;
  if (book.current && may_be_over(*book.current, operation) &&
      book.current->won.done <= operation.sent) {
    lock_hold& holder = *book.current;
    const bool is_own = holder.won.process == operation.process;
    end(lock, lock_hold::ending::ran_out);
    if (is_own && !book.former.empty()) holder_came_back(book, book.former.back(), operation);
    return;
  }
  if (book.current || book.former.empty()) return;
  // The delete belongs to a hold of this process whose end was not seen. Holds on other connections
  // qualify only if the latest hold is not of this connection.
  const bool is_latest = book.former.back().won.connection == operation.connection;
  for (auto at = book.former.rbegin(); at != book.former.rend(); ++at) {
    if (!ended_unseen(*at) || at->won.process != operation.process) continue;
    if (at->won.connection != operation.connection && is_latest) continue;
    holder_came_back(book, *at, operation);
    return;
  }
  lock_hold& latest = book.former.back();
  if (latest.end.kind == lock_hold::ending::removed && !latest.end.removed_again) {
    latest.end.removed_again = op_summary(operation);
  }
}

void lock_hold_tracker::compare_remove(key_state& lock, const op& operation) {
  if (lock.lock == nullptr) return;
  lock_book& book = *lock.lock;
  lock_hold* hold = hold_with_token(book, operation);
  if (operation.outcome == op_outcome::yes) {
    if (hold == nullptr) hold = hold_removed_by(book, operation);
    if (hold == nullptr) return;
    note_removal(lock, book, *hold, operation);
    if (book.current && hold == &*book.current) {
      end(lock, lock_hold::ending::compare_removed);
    } else {
      hold->end.kind = lock_hold::ending::compare_removed;
    }
    return;
  }
  if (operation.outcome != op_outcome::no) return;
  if (hold == nullptr) {
    // The token is unknown. Choose the latest hold of this process whose end was not seen.
    for (auto at = book.former.rbegin(); at != book.former.rend() && hold == nullptr; ++at) {
      if (ended_unseen(*at) && at->won.process == operation.process) hold = &*at;
    }
    if (hold == nullptr && book.current && book.current->won.process == operation.process) {
      hold = &*book.current;
    }
  }
  if (hold == nullptr) return;
  if (book.current && hold == &*book.current) {
    // The delete was refused although no other client won: the lease is over, or another client
    // deleted the lock.
    const bool over = may_be_over(*hold, operation);
    end(lock, over ? lock_hold::ending::ran_out : lock_hold::ending::release_unseen);
    if (book.former.empty()) return;
    hold = &book.former.back();
  }
  holder_came_back(book, *hold, operation);
}

void lock_hold_tracker::expire(key_state& lock, const op& operation) {
  if (lock.lock == nullptr || operation.outcome != op_outcome::yes) return;
  lock_book& book = *lock.lock;
  if (!book.current) return;
  lock_hold& holder = *book.current;
  if (book.last_lost && book.last_lost->connection == operation.connection &&
      book.last_lost->transaction != 0 && book.last_lost->transaction == operation.transaction) {
    ++holder.contention.extensions;
    set_lease(holder, operation);
    return;
  }
  if (holder.ttl.source == ttl_source::none && operation.on_ttl != ttl_effect::none) {
    const bool same_connection = holder.won.connection == operation.connection;
    if (same_connection && operation.transaction != 0 &&
        holder.won.transaction == operation.transaction) {
      holder.ttl.source = ttl_source::same_transaction;
    } else if (same_connection && holder.won.batch == operation.batch) {
      holder.ttl.source = ttl_source::same_batch;
    } else {
      holder.ttl.source = ttl_source::later;
    }
    holder.ttl.duration = operation.ttl;
    holder.ttl.expire = op_summary(operation);
  } else {
    ++holder.lease.renewals;
  }
  set_lease(holder, operation);
}

void lock_hold_tracker::compare_expire(key_state& lock, const op& operation) {
  if (lock.lock == nullptr) return;
  lock_book& book = *lock.lock;
  lock_hold* hold = hold_with_token(book, operation);
  if (hold == nullptr && book.current && book.current->won.process == operation.process) {
    hold = &*book.current;
  }
  if (hold == nullptr) return;
  const bool is_current = book.current && hold == &*book.current;
  if (operation.outcome == op_outcome::yes && is_current) {
    ++hold->lease.renewals;
    set_lease(*hold, operation);
  } else if (operation.outcome == op_outcome::no && is_current && may_be_over(*hold, operation)) {
    end(lock, lock_hold::ending::ran_out);
    if (!book.former.empty()) holder_came_back(book, book.former.back(), operation);
  } else if (operation.outcome == op_outcome::no && !is_current && ended_unseen(*hold)) {
    holder_came_back(book, *hold, operation);
  }
}

void lock_hold_tracker::store(key_state& lock, const op& operation) {
  if (lock.lock == nullptr || operation.outcome != op_outcome::yes) return;
  lock_book& book = *lock.lock;
  if (!book.current) return;
  // The holder stores the lock again, with the same token or another one. This is a renewal.
  ++book.current->lease.renewals;
  set_lease(*book.current, operation);
}

void lock_hold_tracker::looked(key_state& lock, const op& operation) {
  lock_book& book = *lock.lock;
  if (operation.is_hit()) {
    const auto at = std::find_if(book.gets.begin(), book.gets.end(), [&](const op_summary& m) {
      return m.connection == operation.connection;
    });
    if (at != book.gets.end()) {
      *at = op_summary(operation);
    } else {
      if (book.gets.size() >= gets_max) book.gets.erase(book.gets.begin());
      book.gets.emplace_back(operation);
    }
  }
  const bool exists = operation.outcome == op_outcome::yes;
  key_state* const value = keys_.find(book.value);
  const bool by_other = !book.current || book.current->won.process != operation.process;
  if (exists && by_other && value != nullptr && value->cold != nullptr)
    colds_.polled(*value, operation);
}

bool lock_hold_tracker::read(key_state& value, const op& operation) {
  worker& process = worker_of(operation.process);
  bool is_second_look = false;
  for (const key_ref ref : process.open) {
    key_state* const lock = keys_.find(ref);
    if (lock == nullptr || lock->lock == nullptr || !lock->lock->current) continue;
    lock_hold& holder = *lock->lock->current;
    if (!(holder.value.key == value.ref) || holder.value.store_count > 0) continue;
    if (holder.won.done > operation.sent) continue;
    // Later, another client of the pool may use the connection.
    if (operation.connection == holder.won.connection &&
        operation.sent - holder.won.done < look_again) {
      holder.value.looked_again_at_once = true;
    }
    if (holder.value.looked_again) continue;
    holder.value.looked_again = true;
    holder.value.missed_again = operation.is_miss();
    is_second_look = true;
  }
  if (operation.is_miss()) {
    if (process.missed.size() >= missed_max) process.missed.erase(process.missed.begin());
    process.missed.push_back({value.ref, op_summary(operation)});
  }
  return is_second_look;
}

void lock_hold_tracker::attach(key_state& value, lock_hold& holder, const op& operation,
                               const load* new_load, int name_affinity) {
  if (!holder.value.key.is_set() || holder.value.store_count == 0) {
    holder.value.key = value.ref;
    holder.value.affinity = std::max(holder.value.affinity, name_affinity);
  }
  ++holder.value.store_count;
  if (holder.value.stores.size() >= lock_hold::stores_max) return;
  load loaded;
  if (new_load != nullptr) loaded = *new_load;
  loaded.key = value.ref;
  loaded.store = op_summary(operation);
  loaded.by_nx = operation.kind == op_kind::acquire;
  if (new_load == nullptr) loaded.began = operation.sent;
  loaded.lock_hold = holder.number;
  holder.value.stores.push_back(std::move(loaded));
}

std::uint64_t lock_hold_tracker::stored(key_state& value, const op& operation, load* new_load) {
  if (record_late_store(value, operation)) return 0;
  worker& process = worker_of(operation.process);
  if (process.open.empty()) return 0;
  const split_name value_name(value.name);
  lock_hold* best = nullptr;
  int best_affinity = -1;
  for (const key_ref ref : process.open) {
    key_state* const lock = keys_.find(ref);
    if (lock == nullptr || lock == &value || lock->lock == nullptr) continue;
    if (!lock->lock->current || lock->lock->current->won.done > operation.sent) continue;
    lock_hold& holder = *lock->lock->current;
    const int name_affinity =
        holder.value.key == value.ref ? 3 : affinity(split_name(lock->name), value_name);
    // If the names share nothing, the lock must be the only one of this process, or be won on the
    // same connection.
    const bool is_near =
        process.open.size() == 1 || (holder.won.connection == operation.connection &&
                                     !connections_.is_multiplexed(operation.connection));
    if (name_affinity < 0 || (name_affinity == 0 && (!is_near || holder.value.key.is_set())))
      continue;
    if (name_affinity > best_affinity) {
      best = &holder;
      best_affinity = name_affinity;
    }
  }
  if (best == nullptr) return 0;
  if (new_load != nullptr) {
    new_load->lock_hold = best->number;
    new_load->began = std::max(new_load->began, best->won.sent);
  }
  attach(value, *best, operation, new_load, best_affinity);
  value.guard = best->lock;
  pattern_state& pattern = *keys_.find(best->lock)->pattern;
  ++(operation.connection == best->won.connection ? pattern.stores_same_connection
                                                  : pattern.stores_other_connection);
  lock_book& book = *keys_.find(best->lock)->lock;
  if (!book.value.is_set() || best_affinity >= book.affinity) {
    book.value = value.ref;
    book.affinity = best_affinity;
  }
  return best->number;
}

}  // namespace drover::audit
