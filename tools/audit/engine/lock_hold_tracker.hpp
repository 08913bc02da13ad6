// SPDX-License-Identifier: MIT
// Lock holds: which client held a lock, from when to when, how the hold ended, and what came after.
//
// When a client wins a lock, the lock was free. If the lease of the previous hold cannot have ended
// yet, the release of that hold is on its way on another connection. The tracker matches the
// release when it arrives. A hold is reported only after some later holds, because late commands
// may still change it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "audit/engine/cold_tracker.hpp"
#include "audit/engine/connection_book.hpp"
#include "audit/engine/fact_sink.hpp"
#include "audit/engine/key_table.hpp"

namespace drover::audit {

/// The lock holds of a lock that are not reported yet.
struct lock_book {
  struct loser {
    std::uint64_t connection = 0;
    std::uint32_t process = 0;
    std::uint64_t losses = 0;
    moment first{};
    op_summary last;
    moment gap{};
  };

  std::optional<lock_hold> current;
  std::vector<lock_hold> former;  ///< the oldest first
  std::vector<loser> losers;
  /// The last GETs that found the lock, one for each connection.
  std::vector<op_summary> gets;
  std::optional<op_summary> last_lost;
  key_ref value;  ///< the value of the latest lock hold that had one
  int affinity = 0;
};

/// Whether the lock was lost or released without a command that shows it.
[[nodiscard]] bool ended_unseen(const lock_hold& hold);
/// Whether the lease of a hold may have ended when a command ran.
[[nodiscard]] bool may_be_over(const lock_hold& hold, const op& operation);

class lock_hold_tracker {
 public:
  lock_hold_tracker(key_table& keys, const connection_book& connections, cold_tracker& colds,
                    fact_sink& sink, std::size_t locks_max);

  void acquire(key_state& lock, const op& operation);
  void remove(key_state& lock, const op& operation);
  void compare_remove(key_state& lock, const op& operation);
  void expire(key_state& lock, const op& operation);
  void compare_expire(key_state& lock, const op& operation);
  /// A store that overwrites the key of the lock.
  void store(key_state& lock, const op& operation);
  /// A read of the lock, or an EXISTS.
  void looked(key_state& lock, const op& operation);

  /// A read of a key that may be a value. True if it is the second look of the holder of its lock.
  bool read(key_state& value, const op& operation);
  /// The number of the lock hold under which a value is stored; 0: none. `new_load` is null if the
  /// store is no load. A load gets this number, and begins no earlier than the lock was won.
  std::uint64_t stored(key_state& value, const op& operation, load* new_load);

  /// Whether a client has won the lock with this token not long ago.
  [[nodiscard]] static bool is_token(const key_state& lock, const digest& value);

  /// What the callers of a process do with its connections, as far as its locks show it: a caller
  /// that wins and releases a lock on one connection keeps it, else it takes one of a pool.
  enum class flow : std::uint8_t { unknown, connection, pool };
  [[nodiscard]] flow flow_of(std::uint32_t process) const;

  /// Reports all holds of the lock.
  void close(key_state& lock, bool run_over, moment now);
  [[nodiscard]] std::uint64_t lock_holds() const { return last_number_; }

 private:
  struct missed_key {
    key_ref key;
    op_summary summary;
  };
  /// The misses and the open lock holds of one process.
  struct worker {
    std::vector<missed_key> missed;  ///< the latest misses
    std::vector<key_ref> open;       ///< the locks that the process holds
    /// Holds that were won and released on one connection, and locks that were tried on the
    /// connection on which their value was missed.
    std::uint64_t kept = 0;
    std::uint64_t changed = 0;  ///< ... on two
  };

  /// A deleted key, and the batch that deleted it.
  struct deletion {
    key_ref key;
    std::uint64_t connection = 0;
    std::uint64_t batch = 0;
  };

  lock_book& book_of(key_state& lock);
  worker& worker_of(std::uint32_t process);
  void won(key_state& lock, const op& operation);
  void lost(key_state& lock, const op& operation);
  void take_losses(lock_book& book, const op& operation, lock_hold& new_hold);
  void find_value(key_state& lock, const op& operation, lock_hold& hold);
  void note_flow(const key_state& lock, const op& operation);
  void report_attempt(key_state& lock, const op& operation);
  void end(key_state& lock, lock_hold::ending kind);
  void retire(key_state& lock);
  void report(key_state& lock, const lock_hold& hold);
  [[nodiscard]] lock_hold* hold_removed_by(lock_book& book, const op& operation);
  [[nodiscard]] lock_hold* hold_with_token(lock_book& book, const op& operation);
  static std::optional<op_summary> take_read(lock_book& book, const op& operation);
  static std::optional<op_summary> take_own_token_read(lock_book& book, const op& operation);
  [[nodiscard]] lock_hold::other_remover other_remover_of(const lock_book& book,
                                                          const lock_hold& ended,
                                                          const op& operation) const;
  void value_removed(const key_state& value, const op& operation);
  void remember_deletion(const key_state& key, const op& operation);
  [[nodiscard]] bool deleted_with_value(const key_state& lock, const lock_hold& ended,
                                        const op& operation) const;
  void note_removal(const key_state& lock, lock_book& book, lock_hold& ended, const op& operation);
  void holder_came_back(lock_book& book, lock_hold& hold, const op& operation);
  void note_late_store(lock_book& book, lock_hold& hold, const op& operation);
  bool record_late_store(key_state& value, const op& operation);
  bool record_store_after_release(key_state& value, const op& operation, const load* new_load);
  void unmatched_removal(key_state& lock, const op& operation);
  void set_lease(lock_hold& hold, const op& operation);
  void attach(key_state& value, lock_hold& holder, const op& operation, const load* new_load,
              int name_affinity);

  key_table& keys_;
  const connection_book& connections_;
  cold_tracker& colds_;
  fact_sink& sink_;
  std::size_t locks_max_;
  std::size_t locks_ = 0;
  std::uint64_t last_number_ = 0;
  std::deque<key_ref> opened_;
  std::deque<deletion> deletions_;  // the latest deletions, of all connections
  std::unordered_map<std::uint32_t, worker> workers_;
};

}  // namespace drover::audit
