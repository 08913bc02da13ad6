// SPDX-License-Identifier: MIT
// Classifies the loads of cold events: one load, a herd of callers, or one load per process. C101
// and C105 use it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {

/// The loads of a cold event that began with their own miss.
[[nodiscard]] std::uint64_t own_loads(const cold_event& cold);
/// The lock that callers tried most often after they had missed the value; null if they tried none.
[[nodiscard]] const cold_event::locking* lock_of(const cold_event& cold);
/// Whether `lock` is a pattern of locks that guards the value, by its name or by its use.
/// Precondition: roles are final.
[[nodiscard]] bool is_guard(const rule_context& context, std::uint32_t lock,
                            const pattern_state& value, int name_affinity);

class herd_book {
 public:
  /// Cold events of one pattern in which callers tried the same lock, or no lock.
  struct event_tally {
    int affinity = 0;
    /// Some process loaded twice.
    cases herds;
    /// Every process that loaded did so once.
    cases once_per_process;
    /// Events of `once_per_process` in which a process had several callers.
    std::uint64_t sharing = 0;
    /// Events of `once_per_process` in which some of the processes are unknown.
    std::uint64_t unclear = 0;
    /// Events of `herds` and `once_per_process` with three or more loads.
    std::uint64_t wide = 0;
    /// Events of `once_per_process` with three or more loads.
    std::uint64_t wide_once_per_process = 0;
    /// Loads in all these events.
    std::uint64_t loads = 0;
    /// Events of both kinds in which two loads certainly ran at the same time.
    std::uint64_t overlapping = 0;
    std::uint64_t processes_most = 0;

    void merge(const event_tally& other);
  };
  /// The totals of a pattern, when roles are final.
  struct totals {
    std::uint64_t events = 0;
    std::uint64_t contended = 0;
    std::uint64_t widest = 0;
    std::uint64_t most_loads = 0;
    /// Callers share loads in their processes, so C105 reports `once_per_process`, and C101 does
    /// not.
    bool shares = false;
    /// Cold events without a guard.
    event_tally unguarded;
  };

  void add(const cold_event& cold, const key_state& key, const rule_context& context);
  void unite(std::uint32_t from, std::uint32_t into) { tallies_.unite(from, into); }
  [[nodiscard]] totals totals_for(const pattern_state& pattern, const rule_context& context) const;

 private:
  struct pattern_tally {
    std::uint64_t events = 0;
    std::uint64_t contended = 0;
    std::uint64_t widest = 0;
    std::uint64_t most_loads = 0;
    std::map<std::uint32_t, event_tally> by_lock;

    void merge(const pattern_tally& other);
  };
  static constexpr std::uint32_t no_lock = 0xffffffff;
  static constexpr std::size_t locks_max = 8;

  per_pattern<pattern_tally> tallies_;
};

/// Whether many stores of the pattern had no miss before them, as with sessions, write-through and
/// counters.
[[nodiscard]] bool is_written_like_a_session(const pattern_state& pattern);

}  // namespace drover::audit
