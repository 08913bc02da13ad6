// SPDX-License-Identifier: MIT
// The facts that the engine reports to rules. Each fact is reported once, when nothing more can be
// added to it. All lists in facts are bounded; a count beside a list is the true number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "audit/engine/op.hpp"

namespace drover::audit {

/// Refers to a key for as long as the engine remembers it. Afterwards `rule_context::find(ref)`
/// returns null.
struct key_ref {
  static constexpr std::uint32_t nowhere = 0xffffffff;
  std::uint32_t slot = nowhere;
  std::uint32_t generation = 0;

  [[nodiscard]] bool is_set() const { return slot != nowhere; }
  friend bool operator==(const key_ref&, const key_ref&) = default;
};

/// One load of a value as the traffic shows it: a client misses the key and then stores it. A store
/// without a miss counts too if it belongs to a cold event. Several stores of one MULTI or batch
/// are one load.
struct load {
  key_ref key;
  op_summary store;     ///< if `store.outcome` is no, the value was discarded, as by a lost SET NX
  bool by_nx = false;   ///< stored by an `acquire`: the client stores the value itself with NX
  bool missed = false;  ///< the load began with a miss by the same process
  /// When the load began: `sent` of that miss, or of the store if there was no miss. A load under a
  /// lock begins no earlier than the lock was won.
  moment began{};
  std::uint64_t lock_hold = 0;  ///< the hold under which the value was stored; 0: none
  bool in_cold_event = false;
  /// The last delete between `began` and the store, unless it came in the batch of the store.
  std::optional<op_summary> deleted_between;
};

/// A cold event of a key: from its first miss to the next miss that begins after a store was done.
struct cold_event {
  static constexpr std::size_t loads_max = 64;
  /// The clients that requested the key.
  struct demand_facts {
    std::uint64_t misses = 0;
    std::uint64_t reads = 0;  ///< all reads in [from, to]
    /// Reads of the key and attempts to acquire it that began before the first store was done.
    /// The second look of a lock's holder is not counted.
    std::uint64_t requests = 0;
    std::uint64_t processes = 0;    ///< processes that missed; a lower bound
    std::uint64_t connections = 0;  ///< connections that missed
    /// Two or more clients wanted the key at once: another client missed the key shortly after the
    /// first or while the first load ran, lost the lock, or loaded as well.
    bool contended = false;
  };
  /// How the value was loaded.
  struct loading_facts {
    /// The first loads, in the order of `done`. A store without a miss is a load only if it began
    /// before `first_store.done + 1.5 * delta + 50 ms`, or if it replaces a mark set with NX.
    std::vector<load> loads;
    std::uint64_t count = 0;                ///< all loads, including those beyond `loads_max`
    std::uint64_t by_nx = 0;                ///< loads stored with NX on the value itself
    std::uint64_t conditional = 0;          ///< loads stored by compare-and-store
    std::uint64_t processes = 0;            ///< processes that stored; unknown ones do not count
    std::uint64_t most_by_one_process = 0;  ///< the most loads by one process
    /// Loads by unknown processes, while other processes are known. Each may be any of them.
    std::uint64_t unplaced = 0;
    /// Processes that share one load among their callers. They loaded once although they sent two
    /// or more requests, or they are able to send several requests at once.
    std::uint64_t sharing_processes = 0;
  };
  /// How the waiting clients polled the value or its lock.
  struct waiting_facts {
    std::uint64_t polls = 0;
    moment last_poll{};    ///< the last poll before the first store
    moment longest_gap{};  ///< the longest gap between two polls of one client
    /// One of the processes subscribes or tracks keys, so its waiters need not poll.
    bool notified = false;
    bool losers_satisfied = false;  ///< a client that lost the lock got the value by a hit
  };
  /// The attempts to acquire one lock by clients that had missed this key.
  struct locking {
    key_ref lock;
    std::uint32_t pattern = 0;  ///< of the lock: index into `rule_context::patterns()`
    int affinity = 0;           ///< `affinity` of the two names
    std::uint64_t won = 0;
    std::uint64_t lost = 0;
  };

  key_ref key;
  moment from{};  ///< the first miss was sent
  moment to{};    ///< the last command that belongs to it was done
  op_summary first_miss;
  std::optional<op_summary> first_store;  ///< the first store that was not refused
  demand_facts demand;
  loading_facts loading;
  waiting_facts waiting;
  std::vector<locking> lock_attempts;  ///< at most 4
  moment delta{};        ///< the load time of the pattern at the end of the event; 0: unknown
  bool by_tool = false;  ///< the tool deleted the key, or held replies meanwhile
  bool complete = true;  ///< false: the key was forgotten, or the run ended
};

/// Which command set the ttl.
enum class ttl_source : std::uint8_t {
  none,
  same_command,
  same_transaction,
  same_batch,
  later,    ///< a later command, in a round trip of its own
  unknown,  ///< a script's argument
};

/// The first ttl after a store or a win.
struct first_ttl {
  ttl_source source = ttl_source::none;
  moment duration{};
  std::optional<op_summary> expire;  ///< the EXPIRE, if a second command set the ttl
};

/// One lock hold: from winning a lock until the hold ends.
struct lock_hold {
  static constexpr std::size_t stores_max = 8;
  enum class ending : std::uint8_t {
    open,             ///< the run ended, or the lock's key was forgotten
    removed,          ///< DEL -> 1
    compare_removed,  ///< compared and deleted
    ran_out,          ///< its lease ended
    release_unseen,   ///< the lock was free before the lease can have ended
  };
  /// The evidence that a client other than the holder deleted the lock. For the first two kinds the
  /// client had lost the lock before, or had lost its own hold.
  enum class other_remover : std::uint8_t {
    no,
    by_connection,  ///< another connection; neither connection is multiplexed
    by_process,     ///< another process
    by_token,       ///< the client had read another token before it deleted; this is proof
  };

  struct lease_time {
    bool ends = false;      ///< the lease has a ttl; the two times below are valid
    moment earliest_end{};  ///< renewals included
    moment latest_end{};
    std::uint64_t renewals = 0;
  };
  struct end_of_hold {
    ending kind = ending::open;
    std::optional<op_summary> command;  ///< the command that ended the hold; none for `ran_out`
    /// The last GET of this lock by the client that deleted it, within 2 s before.
    std::optional<op_summary> read_before;
    /// A GET of this lock by the process that deleted it, within 2 s before, that returned a token
    /// of this process: of this hold, or of one that had ended meanwhile.
    std::optional<op_summary> own_token_read;
    other_remover by_other = other_remover::no;
    /// The value was deleted in the same batch: an invalidation, not a release.
    bool with_value = false;
    /// Set if `kind` is `removed` and another DEL arrived when no client held the lock. One of the
    /// two does not belong to this hold.
    std::optional<op_summary> removed_again;
  };
  /// The commands after the end of the hold.
  struct aftermath {
    /// The command with which the holder came back after its lease had ended: a DEL, or a refused
    /// renewal or compare-and-delete.
    std::optional<op_summary> holder_returned;
    /// As in `end_of_hold`, before the DEL with which the holder came back.
    std::optional<op_summary> own_token_read;
    std::optional<op_summary> next_win;
    /// A store of the guarded value by the holder after the end of its lease.
    std::optional<load> late_store;
    /// The same after the holder had released the lock, of a value that it had missed.
    std::optional<load> store_after_release;
  };
  /// The hold before this one.
  struct predecessor {
    /// The hold ended without its holder: the lease ran out, or another client deleted the lock.
    /// The holder has not been seen since.
    bool has_missing_holder = false;
    op_summary won;  ///< `value` is its token
  };
  /// Other clients that tried the lock during the hold.
  struct contention_facts {
    std::uint64_t losses = 0;
    std::uint64_t losers = 0;  ///< the number of connections that lost
    moment longest_wait{};     ///< the longest time from the first loss of a connection to its last
    /// EXPIREs of the lock by clients that had just lost it in the same transaction.
    std::uint64_t extensions = 0;
  };
  /// The holder's own attempts before it won.
  struct retries {
    std::optional<op_summary> last_loss;
    moment first_loss{};  ///< of this wait
    moment gap{};         ///< the time between its last two attempts
  };
  /// The value that the lock guards, as far as this hold shows: the holder missed it just before
  /// the hold, or stored it during the hold.
  struct guarded_value {
    key_ref key;
    int affinity = 0;                   ///< `affinity` of the names
    std::optional<op_summary> missed;   ///< the miss just before the hold
    bool looked_again = false;          ///< the holder read the value after it had won
    bool missed_again = false;          ///< that second look was a miss
    bool looked_again_at_once = false;  ///< within 3 ms, on the connection that won
    std::vector<load> stores;           ///< the first stores by the holder during the hold
    std::uint64_t store_count = 0;      ///< all of them, including those beyond `stores_max`
  };

  std::uint64_t number = 0;  ///< 1 is the first hold of the run
  key_ref lock;
  std::uint32_t pattern = 0;  ///< the pattern of the lock: index into `rule_context::patterns()`
  op_summary won;             ///< `won.value` is the token
  bool is_text = true;
  first_ttl ttl;
  lease_time lease;
  end_of_hold end;
  predecessor before;
  aftermath after;
  contention_facts contention;
  retries retry;
  guarded_value value;

  [[nodiscard]] moment held() const {
    return end.command ? end.command->done - won.sent : moment{};
  }
};

/// A store of a live key by a client that had not missed it.
struct refresh {
  key_ref key;
  op_summary store;
  std::optional<op_summary> last_hit;    ///< by the same connection, or else by the same process
  std::optional<op_summary> last_store;  ///< the previous store of the key by any client
  bool lifetime_known = false;           ///< the two times below are valid
  moment ttl{};                          ///< the ttl of the previous store
  moment left{};                         ///< what was left of it at the time of this store
  std::uint64_t lock_hold = 0;
  /// The client changed the value that it had just read. No load ran.
  bool is_modification = false;
};

/// A store and its ttl. It is reported when its EXPIRE came, or when none can come any more: 1 s
/// later, or when the key is deleted. Another store does not end the wait, because it may come
/// between the two commands.
struct settled_store {
  key_ref key;
  op_summary store;
  first_ttl ttl;
  bool missed_before = false;  ///< the store was a load
  bool kept = false;           ///< the ttl was kept: KEEPTTL, or a field of a key with a ttl
  bool dropped_ttl = false;    ///< the key had a ttl before the store and has none now
};

/// A connection that polls a key: it misses a value again, loses a lock again, or finds that a lock
/// still exists.
struct wait {
  enum class outcome : std::uint8_t { satisfied, silent };
  key_ref key;
  std::uint64_t connection = 0;
  std::uint32_t process = 0;
  op_kind poll_kind = op_kind::read;
  std::uint64_t polls = 0;
  moment first{};
  moment last{};
  moment shortest_gap{};
  moment longest_gap{};
  moment last_gap{};
  outcome result = outcome::silent;
  moment ended{};
  bool in_cold_event = false;
};

}  // namespace drover::audit
