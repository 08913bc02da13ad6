// SPDX-License-Identifier: MIT
// What the engine knows of a key and of a pattern while the run goes on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/engine/audit_result.hpp"
#include "audit/engine/facts.hpp"

namespace drover::audit {

/// Counts that keys and patterns have alike.
struct op_counts {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t stores = 0;              ///< without `acquire`
  std::uint64_t conditional_stores = 0;  ///< of them
  std::uint64_t won = 0;
  std::uint64_t lost = 0;
  std::uint64_t exists = 0;
  std::uint64_t removes = 0;
  std::uint64_t compare_removes = 0;
  std::uint64_t expires = 0;
  std::uint64_t compare_expires = 0;
  std::uint64_t changes = 0;
  std::uint64_t opaque = 0;

  [[nodiscard]] std::uint64_t reads() const { return hits + misses; }
};

/// The median of durations, by a bounded sample of them.
class median_sample {
 public:
  void add(moment value);
  /// 0 if there is none.
  [[nodiscard]] moment median() const;
  /// The least that no less than `share` of them do not exceed.
  [[nodiscard]] moment quantile(double share) const;
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  static constexpr std::size_t kept = 128;
  std::uint64_t count_ = 0;
  std::vector<moment> values_;
  mutable std::vector<moment> sorted_;
};

/// Keys of one pattern and one given role.
struct pattern_state {
  std::uint32_t index = 0;
  std::string text;                    ///< "user:*"
  std::optional<key_role> given_role;  ///< by `--role`
  /// Inferred at the end of the run (for `rule_context::role_of`): meanwhile a guess.
  key_role role = key_role::other;
  std::string reason;
  /// Lock: the pattern of the values it guards; value: the pattern of the lock. Set at the end.
  std::optional<std::uint32_t> paired;
  /// Meta: the pattern of the keys it says something of.
  std::optional<std::uint32_t> describes;

  std::uint64_t keys = 0;  ///< ever seen
  op_counts counts;
  bool lock_name = false;  ///< a word of the name says lock
  std::uint64_t text_stores = 0;
  std::uint64_t loads = 0;  ///< stores and NX attempts that follow a miss
  /// Told by the origin, by the names of keys; 0 too if it names none.
  std::uint64_t origin_loads = 0;
  std::uint64_t cold_events = 0;
  std::uint64_t contended_cold_events = 0;
  std::uint64_t lock_holds = 0;
  std::uint64_t lock_holds_removed = 0;     ///< ended by DEL
  std::uint64_t lock_holds_with_value = 0;  ///< a value was missed before, or stored inside
  std::uint64_t stores_here = 0;            ///< in lock holds, on the connection that won
  std::uint64_t stores_elsewhere = 0;       ///< in lock holds, on others: connections are pooled
  std::uint64_t longest_value = 0;          ///< bytes, stored or read
  std::uint64_t longest_token = 0;          ///< bytes, by `acquire`
  std::uint64_t refreshes = 0;              ///< stores of a live value by a client that had read it
  /// First store - first miss of cold events: all of them, and those in which nobody can have been
  /// refreshing the value when it ended. A refreshing client stores soon after the first miss.
  median_sample load_times;
  median_sample sure_load_times;
  /// Lock: votes of lock holds for the pattern of their value. At most 8.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> votes;
  std::string first_key;

  /// How long a load takes; 0: none was seen.
  [[nodiscard]] moment load_time() const;
};

struct lock_book;  // the lock holds of a lock: lock_hold_tracker.hpp
struct cold_book;  // the open cold event: cold_tracker.hpp
struct wait_book;  // clients that poll: wait_tracker.hpp

struct key_state {
  enum class presence : std::uint8_t { unknown, absent, present };
  enum class drawn_as : std::uint8_t { undecided, yes, no };

  key_state();
  ~key_state();
  key_state(key_state&&) noexcept;
  key_state& operator=(key_state&&) noexcept;

  key_ref ref;
  std::string name;
  std::uint64_t hash = 0;  ///< of its digest, for `in_sample`
  std::uint32_t database = 0;
  pattern_state* pattern = nullptr;  ///< lives as long as the engine

  presence there = presence::unknown;
  drawn_as drawn = drawn_as::undecided;
  bool has_ttl = false;   ///< of what is there: the two below count
  moment expires_from{};  ///< the earliest at which it can be gone
  moment expires_to{};
  moment ttl{};  ///< as last set
  digest value;  ///< last stored or read

  op_counts counts;
  std::uint64_t origin_loads = 0;  ///< told by the origin
  std::optional<op_summary> last_hit;
  std::optional<op_summary> last_miss;
  std::optional<op_summary> last_store;     ///< not refused
  std::unique_ptr<op_summary> last_remove;  ///< most keys never are, and there are many
  std::uint64_t history = 0;                ///< the newest of its commands in the history; 0: none

  key_ref guard;  ///< the lock under which it was stored last

  std::unique_ptr<settled_store> unsettled;  ///< without a ttl so far
  std::unique_ptr<lock_book> lock;
  std::unique_ptr<cold_book> cold;
  std::unique_ptr<wait_book> waits;
};

}  // namespace drover::audit
