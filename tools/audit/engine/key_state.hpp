// SPDX-License-Identifier: MIT
// The state of a key and of a key pattern during a run.
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

/// Counts of ops. Keys and patterns have the same counts.
struct op_counts {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t stores = 0;              ///< without `acquire`
  std::uint64_t conditional_stores = 0;  ///< the stores that had a condition
  std::uint64_t modifications = 0;       ///< the stores that changed what their client had read
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
  op_counts& operator+=(const op_counts& other);
};

/// The median of durations, from the latest 128 of them.
class median_sample {
 public:
  void add(moment value);
  /// 0 without a value.
  [[nodiscard]] moment median() const;
  /// The smallest value that at least `share` of the sample do not exceed; 0 without a value.
  [[nodiscard]] moment quantile(double share) const;
  [[nodiscard]] std::uint64_t count() const { return count_; }
  void merge(const median_sample& other);

 private:
  static constexpr std::size_t kept = 128;
  std::uint64_t count_ = 0;
  std::vector<moment> values_;
  mutable std::vector<moment> sorted_;
};

/// Longer values are no marks: "1", "locked", a date, a time in microseconds, a short name.
inline constexpr std::uint64_t mark_bytes_max = 40;
/// Nobody loads a mark: this is less than a load takes, and more than a round trip.
inline constexpr moment mark_gap_max = std::chrono::milliseconds{5};

/// The keys of one pattern and one role given by `--role`.
struct pattern_state {
  std::uint32_t index = 0;
  std::string text;                    ///< "user:*"
  std::optional<key_role> given_role;  ///< by `--role`
  /// Set at the end of the run. `rule_context::role_of` returns a guess until then.
  key_role role = key_role::other;
  std::string reason;
  /// Lock: the pattern of the values it guards; value: the pattern of the lock. Set at the end.
  std::optional<std::uint32_t> paired;
  /// Meta: the pattern of the keys that these keys describe. Set at the end.
  std::optional<std::uint32_t> describes;

  std::uint64_t keys = 0;  ///< all keys of the run
  op_counts counts;
  bool lock_name = false;         ///< the name has a word such as "lock"
  std::uint64_t text_stores = 0;  ///< stores and NX attempts of strings
  /// Stores and NX attempts of strings that succeeded, by the look of what was stored.
  std::uint64_t small_stores = 0;  ///< at most `mark_bytes_max` bytes, neither JSON nor pickled
  std::uint64_t value_stores = 0;  ///< all
  /// The first different values that were stored, at most four.
  std::array<std::uint64_t, 4> stored_hashes{};
  std::uint8_t stored_different = 0;
  std::uint64_t loads = 0;  ///< stores and NX attempts that follow a miss
  /// Loads that the origin reported for keys of this pattern; 0 if it names no keys.
  std::uint64_t origin_loads = 0;
  std::uint64_t cold_events = 0;
  std::uint64_t contended_cold_events = 0;
  /// Those of them that no rule has judged, because a fault of the tool may explain them.
  std::uint64_t contended_cold_events_excused = 0;
  /// Stores under the name of a lock without NX, and how many of them the same process deleted: at
  /// all, and after it had stored a value of a related name that it had loaded.
  std::uint64_t plain_sets = 0;
  std::uint64_t plain_releases = 0;
  std::uint64_t plain_releases_after_load = 0;
  std::uint64_t lock_holds = 0;
  std::uint64_t lock_holds_removed = 0;  ///< lock holds that ended by DEL
  std::uint64_t lock_holds_with_value =
      0;  ///< a value was missed before, or stored during the hold
  /// Stores during lock holds, on the connection that won the lock.
  std::uint64_t stores_same_connection = 0;
  /// Stores during lock holds, on other connections of the holder's pool.
  std::uint64_t stores_other_connection = 0;
  std::uint64_t longest_value = 0;  ///< bytes, stored or read
  std::uint64_t longest_token = 0;  ///< bytes, stored by `acquire`
  std::uint64_t refreshes = 0;      ///< stores of a live value by a client that had read it
  /// The load times of all cold events.
  median_sample load_times;
  /// The load times of the cold events in which no client can have been refreshing the value. A
  /// refreshing client stores soon after the first miss, so the time seems too short.
  median_sample sure_load_times;
  /// Lock: how many votes of lock holds each value pattern has. At most 8 patterns.
  std::vector<std::pair<std::uint32_t, std::uint64_t>> votes;
  std::string first_key;
  /// Names of keys that showed to be one pattern with others: the index of the pattern that has
  /// taken over these keys and counts.
  std::optional<std::uint32_t> united;
  bool is_family = false;  ///< its keys were learnt to be one pattern

  /// Takes over the keys and counts of another pattern.
  void absorb(pattern_state& other);
  /// Notes that a value was stored, for `stored_different`.
  void note_value(std::uint64_t hash);
  /// The usual time of a load; 0: no load was seen.
  [[nodiscard]] moment load_time() const;
};

struct lock_book;  // the lock holds of a lock: lock_hold_tracker.hpp
struct cold_book;  // the open cold event: cold_tracker.hpp
struct wait_book;  // clients that poll: wait_tracker.hpp

struct key_state {
  enum class presence : std::uint8_t { unknown, absent, present };
  enum class timeline_choice : std::uint8_t { undecided, yes, no };

  key_state();
  ~key_state();
  key_state(key_state&&) noexcept;
  key_state& operator=(key_state&&) noexcept;

  key_ref ref;
  std::string name;
  std::uint32_t database = 0;
  pattern_state* pattern = nullptr;  ///< lives as long as the engine

  presence state = presence::unknown;
  timeline_choice in_timeline = timeline_choice::undecided;
  bool has_ttl = false;   ///< the value has a ttl; the two times below are valid
  moment expires_from{};  ///< the earliest time at which the value can be gone
  moment expires_to{};    ///< the latest time at which the value is gone
  moment ttl{};           ///< as last set
  digest value;           ///< the value last stored or read

  op_counts counts;
  std::uint64_t origin_loads = 0;  ///< loads that the origin reported
  std::optional<op_summary> last_hit;
  std::optional<op_summary> last_miss;
  std::optional<op_summary> last_store;     ///< the last store that was not refused
  std::unique_ptr<op_summary> last_remove;  ///< a pointer, because most keys are never removed
  std::uint64_t history = 0;  ///< the number of its newest line in the history; 0: none

  key_ref guard;  ///< the lock under which the value was last stored

  /// The latest stores, while their ttl may still follow; null if there are none.
  std::unique_ptr<std::vector<settled_store>> unsettled;
  std::unique_ptr<lock_book> lock;
  std::unique_ptr<cold_book> cold;
  std::unique_ptr<wait_book> waits;
};

}  // namespace drover::audit
