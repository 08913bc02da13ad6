// SPDX-License-Identifier: MIT
// The outages of an audit: the server works for a while, then it fails in each way that was asked
// for, one after the other, with time to recover after each. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/capture/record.hpp"
#include "fault/plan/fault_spec.hpp"

namespace drover::audit {

struct outage_times {
  /// The time before the first outage, in which the application starts and works as usual.
  std::chrono::milliseconds before{10'000};
  std::chrono::milliseconds length{5'000};
  /// The time after each outage, in which the application recovers.
  std::chrono::milliseconds pause{10'000};
};

inline constexpr std::size_t outages_in_a_run_max = 64;

[[nodiscard]] std::vector<outage_kind> all_outage_kinds();
[[nodiscard]] std::optional<outage_kind> outage_kind_named(std::string_view name);
[[nodiscard]] std::string_view name_of(outage_kind kind);

/// The outages, with times since the start of the faults.
[[nodiscard]] std::vector<outage_planned> planned_outages(const std::vector<outage_kind>& kinds,
                                                          const outage_times& times);

/// When the application has recovered from the last outage.
[[nodiscard]] std::chrono::milliseconds end_of_outages(const std::vector<outage_kind>& kinds,
                                                       const outage_times& times);

/// The fault that causes an outage, as one line of a script.
[[nodiscard]] std::string fault_text_of(const outage_planned& outage);
[[nodiscard]] faults::fault_spec fault_of(const outage_planned& outage);

}  // namespace drover::audit
