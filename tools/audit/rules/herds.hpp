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
/// The lock that was tried most often by callers that had missed the value; null: none.
[[nodiscard]] const cold_event::locking* lock_of(const cold_event& cold);
/// Whether `lock` is a pattern of locks that guards the value, by its name or by its use.
/// Precondition: roles are final.
[[nodiscard]] bool is_guard(const rule_context& context, std::uint32_t lock,
                            const pattern_state& value, int name_affinity);

class herd_book {
 public:
  /// Cold events of one pattern that have one lock in common, or none.
  struct tally {
    int affinity = 0;
    cases herds;                    ///< some process loaded twice
    cases each_once;                ///< every process that loaded did so once
    std::uint64_t sharing = 0;      ///< of `each_once`: a process had several callers
    std::uint64_t unclear = 0;      ///< of `each_once`: some of the processes are not known
    std::uint64_t wide = 0;         ///< of `herds` and `each_once`: three loads and more
    std::uint64_t wide_each = 0;    ///< of `each_once` alone
    std::uint64_t loads = 0;        ///< in both
    std::uint64_t overlapping = 0;  ///< of both: two loads certainly ran at the same time
    std::uint64_t processes_most = 0;
  };
  /// The totals of a pattern, when roles are final.
  struct sum {
    std::uint64_t events = 0;
    std::uint64_t contended = 0;
    std::uint64_t widest = 0;
    std::uint64_t most_loads = 0;
    bool shares = false;  ///< callers share loads in their processes: `each_once` is C105's
    tally unguarded;      ///< cold events without a guard
  };

  void add(const cold_event& cold, const key_state& key, const rule_context& context);
  [[nodiscard]] sum of(const pattern_state& pattern, const rule_context& context) const;

 private:
  struct pattern_tally {
    std::uint64_t events = 0;
    std::uint64_t contended = 0;
    std::uint64_t widest = 0;
    std::uint64_t most_loads = 0;
    std::map<std::uint32_t, tally> by_lock;
  };
  static constexpr std::uint32_t no_lock = 0xffffffff;
  static constexpr std::size_t locks_max = 8;

  per_pattern<pattern_tally> of_;
};

/// Whether the pattern is stored about as often as it is read, without a miss before: sessions,
/// write-through, counters.
[[nodiscard]] bool is_written_like_a_session(const pattern_state& pattern);

}  // namespace drover::audit
