// SPDX-License-Identifier: MIT
// The cold events of one run. In each, a key went cold and one or more queries loaded it. Pure.
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
  /// The beginning of the first query; under `event_rule::run`, the release.
  std::chrono::nanoseconds begun{};
  std::uint64_t queries = 0;
  /// The end of the query that ended first; nullopt if none ended.
  std::optional<std::chrono::nanoseconds> loaded{};

  friend bool operator==(const key_event&, const key_event&) = default;
};

/// For each key, its events in order of time.
using key_events = std::map<std::uint32_t, std::vector<key_event>>;

[[nodiscard]] key_events cold_events_of(const run_record& run, const measuring_rules& rules);

/// The time from the load of an event to the return of a call, as `measurement::lag` defines it.
/// nullopt for a call that is not measured.
[[nodiscard]] std::optional<std::chrono::nanoseconds> lag_of(const call_span& call,
                                                             const key_events& events);

}  // namespace drover::simulate
