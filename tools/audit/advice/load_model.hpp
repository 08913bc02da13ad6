// SPDX-License-Identifier: MIT
// Replays the recorded reads of a key against a cache with other settings, and counts the loads
// that the origin would get. The duration of a load comes from the simulator's `load_time`. Pure.
//
// The model: with a lease, all reads of a missing key wait for one load. With early refresh, the
// first read in the last part of the ttl starts a load, and the old value is served until it ends.
// An invalidation makes the key cold. Reads come when they came in the recording.
#pragma once

#include <cstdint>
#include <vector>

#include "audit/capture/event.hpp"
#include "base/random.hpp"
#include "simulate/origins/load_time.hpp"

namespace drover::audit {

/// The reads of one key in a recording, in order.
struct key_demand {
  std::vector<moment> reads;
  std::vector<moment> invalidations;
  /// The key was stored before the recording began, and was first missed at this time; 0: it was
  /// not.
  moment warm_until{};
};

struct cache_settings {
  moment ttl{};
  double jitter = 0;  ///< 0.1: from 90 % to 110 % of the ttl
  moment early_refresh{};
  bool has_lease = false;  ///< otherwise each read of a missing key loads
};

struct predicted_loads {
  std::uint64_t loads = 0;
  std::uint64_t early = 0;   ///< of them, loads before the ttl ended
  std::uint64_t waited = 0;  ///< reads that waited for the load of another caller

  predicted_loads& operator+=(const predicted_loads& other);
};

[[nodiscard]] predicted_loads predict(const key_demand& demand, const cache_settings& settings,
                                      const simulate::load_time& load, base::seeded_random& random);

}  // namespace drover::audit
