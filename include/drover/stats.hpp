// SPDX-License-Identifier: MIT
#pragma once

#include <drover/fault.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace drover {

/// A cache's counters since its construction. They only grow.
///
/// Threads: a snapshot; the counters in it were read one after another, not at one instant.
struct cache_stats {
  std::uint64_t hits = 0;             ///< served from a fresh entry, absent ones included
  std::uint64_t stale_served = 0;     ///< served from a stale entry within grace
  std::uint64_t misses = 0;           ///< calls that found nothing usable
  std::uint64_t loads = 0;            ///< runs of the loader, refreshes and bypasses included
  std::uint64_t refreshes = 0;        ///< runs of the loader while the old value is served
  std::uint64_t early_refreshes = 0;  ///< of these, begun before the ttl ended
  std::uint64_t bypasses = 0;         ///< runs of the loader without Redis
  std::uint64_t joins = 0;  ///< calls that waited for another caller's load and got its result
  /// Misses answered without a load of their own. A load that runs on another thread for a caller
  /// counts as that caller's own.
  std::uint64_t loads_avoided = 0;
  std::uint64_t failures = 0;         ///< runs of the loader that threw or passed `load_max`
  std::uint64_t failures_shared = 0;  ///< calls answered with the failure of another caller's load
  std::uint64_t fills = 0;            ///< loaded values that were stored
  std::uint64_t fills_refused = 0;    ///< not stored: invalidated, taken over, or too late
  /// not stored: do_not_store, a ttl of the loader that is not positive, too long, or not encodable
  std::uint64_t not_stored = 0;
  std::uint64_t leases_granted = 0;
  std::uint64_t leases_lost = 0;  ///< taken over or invalidated while the load ran
  std::uint64_t take_overs = 0;   ///< leases taken over from a holder that was gone
  /// Entries that were foreign, damaged, undecodable or stored for another key.
  std::uint64_t corrupt_entries = 0;
  std::uint64_t refused = 0;            ///< calls ended by their own limit or by saturation
  std::uint64_t refreshes_dropped = 0;  ///< background queue full, or the entry ended in it
  std::uint64_t invalidations = 0;
  std::uint64_t invalidations_unknown = 0;  ///< not acknowledged by Redis; sent again later
  std::uint64_t invalidations_dropped = 0;  ///< of these, over `invalidations_max`: not sent again
  std::uint64_t observer_faults = 0;        ///< exceptions thrown by the observer
  std::array<std::uint64_t, fault_code_count> faults{};  ///< by `fault_code`

  /// Waits for another caller's load: `waits[i]` counts those of at most 2^i ms that the element
  /// before does not count. The last element also counts all longer waits.
  static constexpr std::size_t wait_buckets = 18;
  std::array<std::uint64_t, wait_buckets> waits{};
  std::uint64_t waits_us = 0;  ///< the sum of these waits, in microseconds
};

}  // namespace drover
