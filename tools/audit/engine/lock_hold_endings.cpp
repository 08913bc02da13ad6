// SPDX-License-Identifier: MIT
// The ends and changes of lock holds: releases, renewals, and late commands of former holders.
#include <algorithm>

#include "audit/engine/lock_hold_tracker.hpp"

namespace drover::audit {

namespace {

/// A GET and a DEL that are farther apart do not belong together.
constexpr moment get_to_removal = std::chrono::seconds(2);
/// So many holds and attempts show what a caller does with its connection; one in so many may
/// differ.
constexpr std::uint64_t flow_holds_min = 6;
constexpr std::uint64_t flow_share = 20;

}  // namespace

bool ended_unseen(const lock_hold& hold) {
  return hold.end.kind == lock_hold::ending::ran_out ||
         hold.end.kind == lock_hold::ending::release_unseen;
}

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

bool lock_hold_tracker::is_token(const key_state& lock, const digest& value) {
  const lock_book& book = *lock.lock;
  if (book.current && book.current->won.value == value) return true;
  return std::any_of(book.former.begin(), book.former.end(),
                     [&](const lock_hold& hold) { return hold.won.value == value; });
}

/// Notes a command of a holder whose lock hold is over.
void lock_hold_tracker::holder_came_back(lock_book& book, lock_hold& hold, const op& operation) {
  if (hold.after.holder_returned) return;
  hold.after.holder_returned = op_summary(operation);
  if (operation.kind == op_kind::remove) {
    hold.after.own_token_read = take_own_token_read(book, operation);
  }
  note_late_store(book, hold, operation);
  if (book.current && !book.former.empty() && &hold == &book.former.back()) {
    book.current->before.has_missing_holder = false;
  }
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

/// Takes the last GET that returned a token which the process of this delete has won. Flows of one
/// process use any connection of their pool.
std::optional<op_summary> lock_hold_tracker::take_own_token_read(lock_book& book,
                                                                 const op& operation) {
  const auto has_won = [&](const digest& token) {
    const auto is_of = [&](const lock_hold& hold) {
      return hold.won.value == token && hold.won.process == operation.process;
    };
    return (book.current && is_of(*book.current)) ||
           std::any_of(book.former.begin(), book.former.end(), is_of);
  };
  auto read = book.gets.end();
  for (auto get = book.gets.begin(); get != book.gets.end(); ++get) {
    const bool is_before =
        get->done <= operation.sent && operation.sent - get->done <= get_to_removal;
    if (!is_before || get->process != operation.process || !has_won(get->value)) continue;
    if (read == book.gets.end() || get->done > read->done) read = get;
  }
  if (read == book.gets.end()) return std::nullopt;
  std::optional<op_summary> result = *read;
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

lock_hold_tracker::flow lock_hold_tracker::flow_of(std::uint32_t process) const {
  const auto at = workers_.find(process);
  if (at == workers_.end() || process == 0) return flow::unknown;
  const worker& known = at->second;
  if (known.kept >= flow_holds_min && flow_share * known.changed <= known.kept)
    return flow::connection;
  return known.changed > 0 ? flow::pool : flow::unknown;
}

void lock_hold_tracker::note_removal(const key_state& lock, lock_book& book, lock_hold& ended,
                                     const op& operation) {
  ended.end.command = op_summary(operation);
  if (operation.process == ended.won.process && operation.kind == op_kind::compare_remove) {
    worker& holder = worker_of(operation.process);
    ++(operation.connection == ended.won.connection ? holder.kept : holder.changed);
  }
  if (deleted_with_value(lock, ended, operation)) {
    ended.end.with_value = true;
    return;
  }
  ended.end.read_before = take_read(book, operation);
  if (operation.kind != op_kind::remove) return;
  const std::optional<op_summary>& read = ended.end.read_before;
  const bool is_own = read && read->process == operation.process && read->value == ended.won.value;
  ended.end.own_token_read = is_own ? read : take_own_token_read(book, operation);
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
  // The reply of a script need not tell. The holder's own token is found until the lease ends.
  const bool is_found = operation.outcome == op_outcome::unknown && operation.in_script &&
                        hold != nullptr && book.current && hold == &*book.current &&
                        !may_be_over(*hold, operation);
  if (operation.outcome == op_outcome::yes || is_found) {
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

}  // namespace drover::audit
