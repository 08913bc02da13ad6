// SPDX-License-Identifier: MIT
// Collects from a recording what advice needs: the reads of each key that is a cached value, the
// loads, and their ttls. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "audit/advice/load_model.hpp"
#include "audit/engine/rule.hpp"

namespace drover::audit {

/// The cached values of one pattern.
struct pattern_demand {
  std::string pattern;
  std::vector<key_demand> keys;
  std::uint64_t reads = 0;
  std::uint64_t loads = 0;  ///< as the traffic shows them
  std::uint64_t contended_cold_events = 0;
  std::uint64_t stampedes = 0;  ///< cold events with several loads
  bool is_locked = false;       ///< a lock was tried in its cold events
  std::vector<moment> load_times;
  std::vector<moment> ttls;  ///< of its stores
  std::uint64_t stores_without_ttl = 0;
};

struct recorded_demand {
  static constexpr std::size_t reads_max = 20'000'000;
  static constexpr std::size_t samples_max = 100'000;

  std::vector<pattern_demand> patterns;  ///< the one with the most loads first
  std::uint64_t reads_left_out = 0;      ///< beyond `reads_max`
};

/// A rule that judges nothing. `into` is complete after the end of the run.
[[nodiscard]] std::unique_ptr<rule> watch_demand(std::shared_ptr<recorded_demand> into);

}  // namespace drover::audit
