// SPDX-License-Identifier: MIT
// The counters of a cache, as atomics. Threads: any.
#pragma once

#include <drover/stats.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "base/time.hpp"

namespace drover::detail {

struct counters {
  using count = std::atomic<std::uint64_t>;

  count hits{0}, stale_served{0}, misses{0}, loads{0}, refreshes{0}, early_refreshes{0},
      bypasses{0}, joins{0}, loads_avoided{0}, failures{0}, failures_shared{0}, fills{0},
      fills_refused{0}, not_stored{0}, leases_granted{0}, leases_lost{0}, take_overs{0},
      corrupt_entries{0}, refused{0}, refreshes_dropped{0}, invalidations{0},
      invalidations_unknown{0}, invalidations_dropped{0}, observer_faults{0};
  std::array<count, fault_code_count> faults{};
  std::array<count, cache_stats::wait_buckets> waits{};
  count waits_us{0};

  static void add(count& counter) noexcept { counter.fetch_add(1, std::memory_order_relaxed); }

  void add_fault(fault_code code) noexcept { add(faults[static_cast<std::size_t>(code)]); }

  void add_wait(microseconds waited) noexcept {
    const auto us = static_cast<std::uint64_t>(waited.count() < 0 ? 0 : waited.count());
    waits_us.fetch_add(us, std::memory_order_relaxed);
    const std::uint64_t ms = us == 0 ? 0 : (us - 1) / 1000;  // 2000 us are at most 2 ms
    const auto bucket = static_cast<std::size_t>(std::bit_width(ms));
    add(waits[bucket < waits.size() ? bucket : waits.size() - 1]);
  }

  [[nodiscard]] cache_stats snapshot() const noexcept {
    const auto read = [](const count& counter) { return counter.load(std::memory_order_relaxed); };
    cache_stats out;
    out.hits = read(hits);
    out.stale_served = read(stale_served);
    out.misses = read(misses);
    out.loads = read(loads);
    out.refreshes = read(refreshes);
    out.early_refreshes = read(early_refreshes);
    out.bypasses = read(bypasses);
    out.joins = read(joins);
    out.loads_avoided = read(loads_avoided);
    out.failures = read(failures);
    out.failures_shared = read(failures_shared);
    out.fills = read(fills);
    out.fills_refused = read(fills_refused);
    out.not_stored = read(not_stored);
    out.leases_granted = read(leases_granted);
    out.leases_lost = read(leases_lost);
    out.take_overs = read(take_overs);
    out.corrupt_entries = read(corrupt_entries);
    out.refused = read(refused);
    out.refreshes_dropped = read(refreshes_dropped);
    out.invalidations = read(invalidations);
    out.invalidations_unknown = read(invalidations_unknown);
    out.invalidations_dropped = read(invalidations_dropped);
    out.observer_faults = read(observer_faults);
    for (std::size_t i = 0; i < faults.size(); ++i) out.faults[i] = read(faults[i]);
    for (std::size_t i = 0; i < waits.size(); ++i) out.waits[i] = read(waits[i]);
    out.waits_us = read(waits_us);
    return out;
  }
};

}  // namespace drover::detail
