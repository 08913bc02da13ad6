// SPDX-License-Identifier: MIT
// The values that locks guard: reads and stores under a lock, late stores, and deletions of a value
// together with its lock.
#include <algorithm>

#include "audit/capture/key_pattern.hpp"
#include "audit/engine/lock_hold_tracker.hpp"

namespace drover::audit {

namespace {

constexpr std::size_t gets_max = 32;
constexpr std::size_t missed_max = 16;
constexpr std::size_t deletions_max = 256;
/// A read this soon after the win, on the same connection, is the second look of the holder.
constexpr moment look_again = std::chrono::milliseconds(3);
/// A store later than this after a release belongs to another load.
constexpr moment release_to_store = std::chrono::seconds(2);

/// Whether the names and uses of both keys allow that the lock guards the value. Once a value was
/// stored under the lock, that one is known.
bool may_guard(const split_name& lock_name, const lock_hold& hold, const key_state& value) {
  return hold.value.store_count == 0 && value.lock == nullptr && value.counts.changes == 0 &&
         value.counts.reads() + value.counts.stores > 0 &&
         affinity(lock_name, split_name(value.name)) >= 2;
}

}  // namespace

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

/// Records a store of the value that a process loaded under the lock, and stores only after it has
/// released the lock. Returns whether the store is such a one.
bool lock_hold_tracker::record_store_after_release(key_state& value, const op& operation,
                                                   const load* new_load) {
  if (new_load == nullptr || operation.kind != op_kind::store) return false;
  key_state* const lock = keys_.find(value.guard);
  if (lock == nullptr || lock->lock == nullptr || operation.condition != store_condition::none)
    return false;
  lock_book& book = *lock->lock;
  const auto is_released = [&](const lock_hold& hold) {
    // A delete without the token is the holder's if it came on the connection that won the lock.
    const bool by_holder = hold.end.kind == lock_hold::ending::compare_removed ||
                           (hold.end.kind == lock_hold::ending::removed && hold.end.command &&
                            hold.end.command->connection == hold.won.connection &&
                            hold.end.by_other == lock_hold::other_remover::no);
    const bool has_loaded =
        hold.value.looked_again ? hold.value.missed_again : hold.value.missed.has_value();
    return by_holder && has_loaded && !hold.end.with_value && hold.end.command &&
           hold.won.process == operation.process && hold.value.key == value.ref &&
           hold.value.store_count == 0 && !hold.after.store_after_release &&
           !in_same_batch(*hold.end.command, operation) &&
           hold.end.command->done <= operation.sent &&
           operation.sent - hold.end.command->done <= release_to_store;
  };
  const auto at = std::find_if(book.former.rbegin(), book.former.rend(), is_released);
  if (at == book.former.rend()) return false;
  const bool same_connection = at->won.connection == operation.connection &&
                               !connections_.is_multiplexed(operation.connection);
  if (book.current &&
      connections_.may_be_same_process(book.current->won.process, operation.process)) {
    // Another caller of the process holds the lock by now. The store is its own, unless it comes
    // too soon for a load.
    const lock_hold& now = *book.current;
    const bool by_former = same_connection && now.won.connection != operation.connection &&
                           flow_of(operation.process) != flow::pool;
    const bool too_soon = operation.sent - now.won.done < value.pattern->load_time() / 2;
    if (!by_former && !too_soon) return false;
  }
  load loaded = *new_load;
  loaded.store = op_summary(operation);
  at->after.store_after_release = std::move(loaded);
  return true;
}

void lock_hold_tracker::remember_deletion(const key_state& key, const op& operation) {
  if (operation.outcome == op_outcome::failed) return;
  if (deletions_.size() >= deletions_max) deletions_.pop_front();
  deletions_.push_back({key.ref, operation.connection, operation.batch});
}

/// True if the batch that deletes the lock has already deleted its value: the known value, or a key
/// that may be the value of a hold under which nothing was stored.
bool lock_hold_tracker::deleted_with_value(const key_state& lock, const lock_hold& ended,
                                           const op& operation) const {
  const key_state* const value = keys_.find(ended.value.key);
  if (value != nullptr && value->last_remove && in_same_batch(*value->last_remove, operation)) {
    return true;
  }
  const split_name lock_name(lock.name);
  return std::any_of(deletions_.begin(), deletions_.end(), [&](const deletion& other) {
    if (other.connection != operation.connection || other.batch != operation.batch) return false;
    const key_state* const key = keys_.find(other.key);
    return key != nullptr && may_guard(lock_name, ended, *key);
  });
}

/// If a value and its lock are deleted in one batch, this is an invalidation and not a release.
/// Here the lock was deleted first.
void lock_hold_tracker::value_removed(const key_state& value, const op& operation) {
  const auto end_with_value = [&](key_state& lock, bool is_known) {
    const split_name lock_name(lock.name);
    for (lock_hold& hold : lock.lock->former) {
      if (!hold.end.command || !in_same_batch(*hold.end.command, operation)) continue;
      if (!is_known && !may_guard(lock_name, hold, value)) continue;
      hold.end.with_value = true;
      hold.end.by_other = lock_hold::other_remover::no;
    }
  };
  key_state* const guard = keys_.find(value.guard);
  if (guard != nullptr && guard->lock != nullptr) end_with_value(*guard, true);
  for (const deletion& other : deletions_) {
    if (other.connection != operation.connection || other.batch != operation.batch) continue;
    key_state* const lock = keys_.find(other.key);
    if (lock != nullptr && lock->lock != nullptr && lock != guard) end_with_value(*lock, false);
  }
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
  if (record_store_after_release(value, operation, new_load)) return 0;
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
