// SPDX-License-Identifier: MIT
// The cold events of one run: a key that went cold, and all queries for it. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "simulate/measure/measurement.hpp"
#include "simulate/measure/run_record.hpp"

namespace drover::simulate {

/// The queries of one key in one cold event.
struct key_event {
  std::chrono::nanoseconds begun{};  ///< of the first query; the release, when events go by run
  std::uint64_t queries = 0;
  std::optional<std::chrono::nanoseconds> loaded{};  ///< the end of the query that ended first

  friend bool operator==(const key_event&, const key_event&) = default;
};

/// By key, and by time.
using key_events = std::map<std::uint32_t, std::vector<key_event>>;

[[nodiscard]] key_events cold_events_of(const run_record& run, const measuring& rules);

/// How long after the load a call returned, as defined by `measurement::lag`. nullopt for a call
/// that is not measured.
[[nodiscard]] std::optional<std::chrono::nanoseconds> lag_of(const call_span& call,
                                                             const key_events& events);

}  // namespace drover::simulate
