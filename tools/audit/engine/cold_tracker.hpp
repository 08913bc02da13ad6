// SPDX-License-Identifier: MIT
// Tracks cold events: the misses of a key and the loads that follow.
//
// A cold event opens with the first miss. It closes at a miss that begins after a store was done,
// or when so much time has passed since the last store that no load can belong to it. If the key is
// never stored, the event stays open. Many such misses are a penetration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "audit/engine/connection_book.hpp"
#include "audit/engine/fact_sink.hpp"
#include "audit/engine/key_table.hpp"

namespace drover::audit {

/// The open cold event of a key.
struct cold_book {
  struct miss {
    moment sent{};
    moment done{};
    std::uint64_t connection = 0;
    std::uint64_t batch = 0;
    std::uint32_t process = 0;
    bool is_used = false;         ///< a store was matched with this miss
    bool is_second_look = false;  ///< the second look of a lock's holder
  };
  /// One connection that requests the key.
  struct requester {
    std::uint64_t connection = 0;
    std::uint32_t process = 0;
    std::uint64_t misses = 0;
    std::uint64_t polls = 0;
    moment last{};
    moment longest_gap{};
    bool lost = false;
  };
  /// One process, or one multiplexed connection of a process whose pid is unknown.
  struct loader {
    std::uint64_t id = 0;
    std::uint32_t process = 0;
    std::uint64_t misses = 0;  ///< before the first store, without second looks
    std::uint64_t loads = 0;
    std::uint64_t connection = 0;  ///< of its first miss
    bool on_several = false;       ///< it missed on several connections
  };

  cold_event event;
  std::vector<miss> misses;           ///< the latest
  std::vector<requester> requesters;  ///< the first
  std::vector<loader> loaders;        ///< the first
  moment last_store_done{};
  std::optional<op_summary> last_store;  ///< the store counted last; later stores may merge with it
  /// A client found the value so shortly before the first miss that it may be refreshing it.
  bool read_before = false;
  /// All stores so far may be marks that a client sets with NX before it loads.
  bool marked_only = false;
  /// A value was stored over such a mark.
  bool mark_replaced = false;
};

class cold_tracker {
 public:
  enum class store_kind : std::uint8_t { no_load, merged, load };
  struct classified_store {
    store_kind kind = store_kind::no_load;
    load loaded;
  };

  cold_tracker(key_table& keys, const connection_book& connections, fact_sink& sink,
               std::size_t open_max);

  /// Counts a miss. `is_second_look`: it is the second look of the holder of the key's lock.
  void missed(key_state& key, const op& operation, bool is_second_look);
  void hit(key_state& key, const op& operation);
  /// Classifies a store or an NX attempt, and returns the load that it ends, if it ends one. The
  /// caller completes the load with its lock hold and passes it to `add`.
  [[nodiscard]] classified_store store(key_state& key, const op& operation);
  void add(key_state& key, const load& new_load);
  /// The load time of the pattern, or that of the first load in the open cold event; 0: unknown.
  [[nodiscard]] moment load_time_of(const key_state& key) const {
    return key.cold == nullptr ? key.pattern->load_time() : delta_of(key, *key.cold);
  }
  /// The number of misses of the process that may be the start of a load that this store ends.
  [[nodiscard]] std::size_t possible_starts(const key_state& key, const op& operation) const;
  /// A client that had missed `key` tried to acquire its lock. `name_affinity` is the `affinity` of
  /// the two names.
  void lock_attempted(key_state& key, const key_state& lock, const op& operation,
                      int name_affinity);
  /// A client that waits for `key` read its lock or checked whether the lock exists.
  void polled(key_state& key, const op& operation);
  /// Reports the cold event. `complete` is false if the key is forgotten or the run is over.
  void close(key_state& key, bool complete);

  void add_tool_action(const audit::tool_acted& action);
  [[nodiscard]] bool is_perturbed(moment from, moment to) const;

 private:
  static void remember_miss(cold_book& book, const op& operation, bool is_second_look);
  cold_book& open(key_state& key, const op& operation);
  [[nodiscard]] bool is_concurrent(const cold_book::loader& loader) const;
  cold_book::loader* loader_of(cold_book& book, std::uint32_t process, std::uint64_t connection);
  [[nodiscard]] moment delta_of(const key_state& key, const cold_book& book) const;
  [[nodiscard]] bool is_settled(const key_state& key, const cold_book& book, moment now) const;
  cold_book::requester* count_request(cold_book& book, const op& operation, bool is_poll);
  void match_miss(const key_state& key, cold_book& book, const op& operation, moment delta,
                  load& loaded);
  [[nodiscard]] bool is_setting(const key_state& key, const cold_book& book,
                                const load& loaded) const;
  [[nodiscard]] static const load* mark_of(const cold_book& book, const op& operation);
  [[nodiscard]] bool is_by_tool(const key_state& key, const cold_event& event) const;
  void count_requests(cold_book& book);
  void count_processes(cold_book& book);
  void sample_load_time(const key_state& key, cold_book& book);

  key_table& keys_;
  const connection_book& connections_;
  fact_sink& sink_;
  std::size_t open_max_;
  std::size_t open_ = 0;
  std::deque<key_ref> opened_;  // in the order of opening; may contain closed cold events
  std::vector<audit::tool_acted> tool_actions_;
};

}  // namespace drover::audit
