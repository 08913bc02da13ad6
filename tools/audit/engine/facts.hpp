// SPDX-License-Identifier: MIT
// What the engine tells rules: facts, each once, when it is closed, that is when nothing more can
// be added to it. All lists in them are bounded; a count beside a list is the true number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "audit/engine/op.hpp"

namespace drover::audit {

/// Names a key for as long as the engine remembers it: `rule_context::find(ref)` is null afterwards.
struct key_ref {
  static constexpr std::uint32_t nowhere = 0xffffffff;
  std::uint32_t slot = nowhere;
  std::uint32_t generation = 0;

  [[nodiscard]] bool is_set() const { return slot != nowhere; }
  friend bool operator==(const key_ref&, const key_ref&) = default;
};

/// One load of a value as the wire shows it: it was missed (or wanted for another reason), and then
/// stored. Several stores of one MULTI or batch are one load.
struct load {
  key_ref key;
  op_summary store;     ///< `store.came` no: the result was thrown away, as by SET NX that lost
  bool by_nx = false;   ///< stored by an `acquire`: the key turns out to be a value
  bool missed = false;  ///< a miss of the same flow began it; `began` is that miss's `sent`
  moment began{};       ///< else `store.sent`
  std::uint64_t lock_hold = 0;  ///< of the lock under which it was stored, 0: none was held
  bool in_cold_event = false;
  /// The last delete by somebody else between `began` and the store, if there was one.
  std::optional<op_summary> deleted_between;
};

/// From the first miss of a key that was there (or the first ever) to the next miss that begins
/// after a later store was done.
struct cold_event {
  static constexpr std::size_t loads_max = 64;
  /// What was tried on one lock meanwhile, by those who had just missed this key.
  struct locking {
    key_ref lock;
    std::uint32_t pattern = 0;  ///< of the lock: index into `rule_context::patterns()`
    int fits = 0;               ///< `affinity` of the two names
    std::uint64_t won = 0;
    std::uint64_t lost = 0;
  };

  key_ref key;
  moment from{};  ///< the first miss was sent
  moment to{};    ///< the last that belongs to it was done
  op_summary first_miss;
  std::optional<op_summary> first_store;  ///< the first that was not refused
  std::uint64_t misses = 0;
  /// Reads (and attempts to acquire this key) that began before the first store was done, without
  /// those by which a holder looks again: how many wanted it at once.
  std::uint64_t requests = 0;
  std::uint64_t reads = 0;              ///< all reads in [from, to]
  std::uint64_t processes = 0;          ///< that missed: so many at least
  std::uint64_t connections = 0;        ///< that missed
  std::uint64_t loading_processes = 0;  ///< that stored, of those that are known
  std::uint64_t most_by_one = 0;        ///< loads by that of them that has most
  /// Loads of which the process is not known, while others are: it may be any of these.
  std::uint64_t unplaced_loads = 0;
  std::uint64_t load_count = 0;  ///< of `loads`, uncapped
  /// Those whose store began before `first_store.done + 1.5 * delta + 50 ms`. In order of `done`.
  std::vector<load> loads;
  std::uint64_t nx_loads = 0;           ///< of them, tried with NX on the value itself
  std::uint64_t conditional_loads = 0;  ///< of them, by compare-and-store
  std::vector<locking> locks;           ///< at most 4
  /// Two or more wanted it at once: another asked while the first load ran, or lost the lock.
  bool contended = false;
  /// Asking again and again, for the value or its lock, by those who had to wait: how often, when
  /// last before the first store, and the longest gap of one of them between two times.
  std::uint64_t polls = 0;
  moment last_poll{};
  moment longest_poll_gap{};
  /// Processes that loaded once although two or more requests came from them, or are able to send
  /// several at once: they share loads inside.
  std::uint64_t sharing_processes = 0;
  /// A process that asked subscribes, or tracks keys: who waits there need not ask.
  bool asker_is_told = false;
  /// One of those who lost the lock got the value after all, by a hit.
  bool losers_satisfied = false;
  moment delta{};        ///< the pattern's load time as known then; 0: unknown
  bool by_tool = false;  ///< the tool deleted the key, or held replies meanwhile
  bool complete = true;  ///< false: the key was forgotten, or the run ended
};

/// One holder's time with a lock: from winning it to its end.
struct lock_hold {
  static constexpr std::size_t stores_max = 8;
  enum class ttl_by : std::uint8_t {
    none,
    same_command,
    same_transaction,
    same_batch,
    later,    ///< in a round trip of its own
    unknown,  ///< a script's argument
  };
  enum class ending : std::uint8_t {
    open,             ///< the run ended, or the lock's key was forgotten
    removed,          ///< DEL -> 1
    compare_removed,  ///< compared and deleted
    ran_out,          ///< its lease ended
    release_unseen,   ///< somebody else won before the lease can have ended
  };

  std::uint64_t number = 0;  ///< 1 is the run's first
  key_ref lock;
  std::uint32_t pattern = 0;  ///< of the lock
  op_summary won;             ///< `won.value` is the token
  bool is_text = true;
  ttl_by ttl_came = ttl_by::none;
  moment ttl{};                       ///< as first set
  std::optional<op_summary> ttl_set;  ///< the EXPIRE of a two-step lock
  std::uint64_t renewals = 0;
  bool has_lease = false;  ///< a lease that ends: the two below count
  moment lease_from{};     ///< the earliest at which it can have ended, renewals included
  moment lease_to{};       ///< the latest

  ending how = ending::open;
  std::optional<op_summary> ended;  ///< the command that ended it; of ran_out none
  /// The last GET of this lock by the one who deleted it, if that was within 2 s before.
  std::optional<op_summary> read_before_removal;
  /// How it is known that it was not the holder who deleted the lock.
  enum class another : std::uint8_t {
    no,
    by_connection,  ///< of one that had lost, or whose lock hold was over; none of them multiplexed
    by_process,
    by_token,  ///< it had read another token before: proof
  };
  another ended_by = another::no;
  /// The value was deleted in the same batch: an invalidation, not a release.
  bool removed_with_value = false;
  /// After the lease had ended, the holder came back: CAD -> 0, or a DEL or renewal of its own.
  std::optional<op_summary> came_back;
  /// Who won next, if anybody.
  std::optional<op_summary> next_won;
  /// `how` is removed, and then one more DEL or compared delete came, when nobody held it: one of
  /// the two did not belong to this lock hold.
  std::optional<op_summary> removed_again;
  /// The lock hold before this one ended without its holder: its lease ran out, or another deleted its
  /// lock; and that holder has not been heard of.
  bool before_unheard = false;
  op_summary before_won;  ///< how the holder before had won; `value` is its token
  /// EXPIRE on this lock by some that had just lost it in the same transaction.
  std::uint64_t extended_by_losers = 0;

  /// While it lasted, others lost.
  std::uint64_t losses = 0;
  std::uint64_t losers = 0;  ///< connections
  moment longest_wait{};     ///< from the first loss to the last of one connection
  std::uint64_t loser_processes = 0;
  /// This holder's own last loss of the lock before it won, and the gap between its last attempts.
  std::optional<op_summary> lost_before;
  moment retry_gap{};

  /// The value it guards, as far as this lock hold shows: missed just before, or stored inside.
  key_ref value;
  int fits = 0;  ///< `affinity` of the names
  bool missed_before = false;
  std::optional<op_summary> missed;  ///< that miss
  bool looked_again = false;         ///< the holder read the value after it had won
  bool missed_again = false;         ///< and found nothing
  bool looked_again_here = false;    ///< at once, on the connection that won
  std::vector<load> stores;          ///< inside, by the holder
  std::uint64_t store_count = 0;
  /// Stores by the holder after the end of its lease or release, of the value it guards.
  std::optional<load> late_store;

  [[nodiscard]] moment held() const { return ended ? ended->done - won.sent : moment{}; }
};

/// A store of a live key by somebody who had not missed it.
struct refresh {
  key_ref key;
  op_summary store;
  std::optional<op_summary> last_hit;    ///< of the same connection; else of the same process
  std::optional<op_summary> last_store;  ///< of the key, by anybody, before
  bool lifetime_known = false;           ///< the two below count
  moment ttl{};                          ///< of the store before
  moment left{};                         ///< of its ttl, when this was stored
  std::uint64_t lock_hold = 0;
};

/// A store and the ttl it came to: told when an EXPIRE can no longer belong to it (1 s later, or
/// when the key is stored or deleted again).
struct settled_store {
  key_ref key;
  op_summary store;
  bool part = false;
  lock_hold::ttl_by ttl_came = lock_hold::ttl_by::none;
  moment ttl{};
  std::optional<op_summary> ttl_set;  ///< the EXPIRE
  bool missed_before = false;         ///< it was a load
  bool kept = false;                  ///< KEEPTTL, or a field of a key that had one
  bool dropped_ttl = false;           ///< the key had a ttl, and has none now
};

/// One connection asking again and again while the answer is no: a value missed, a lock lost, a
/// key that EXISTS says is still there.
struct wait {
  enum class ending : std::uint8_t { satisfied, silent };
  key_ref key;
  std::uint64_t connection = 0;
  std::uint32_t process = 0;
  op_kind by = op_kind::read;
  std::uint64_t polls = 0;
  moment first{};
  moment last{};
  moment shortest_gap{};
  moment longest_gap{};
  moment last_gap{};
  ending how = ending::silent;
  moment ended{};
  bool in_cold_event = false;
};

}  // namespace drover::audit
