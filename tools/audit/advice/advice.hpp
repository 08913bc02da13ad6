// SPDX-License-Identifier: MIT
// Recommends settings for the cached values of a recording, and predicts their loads. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/advice/demand_watch.hpp"
#include "audit/advice/load_model.hpp"

namespace drover::audit {

/// The advice for one pattern.
struct pattern_advice {
  std::string pattern;
  std::size_t keys = 0;
  std::uint64_t reads = 0;
  // As recorded.
  std::uint64_t loads = 0;
  moment load_median{};
  moment load_p99{};
  moment ttl{};           ///< the median; 0: the stores had no ttl
  double ttl_spread = 0;  ///< half of the range of the ttls, as a share of the median
  // Recommended.
  cache_settings settings;
  moment lease{};                    ///< the ttl of the lease; 0: none is needed
  std::vector<std::string> reasons;  ///< a sentence for each setting that differs
  // Predicted.
  predicted_loads predicted;
};

/// The same recording gives the same advice.
[[nodiscard]] std::vector<pattern_advice> advise(const recorded_demand& demand);

}  // namespace drover::audit
