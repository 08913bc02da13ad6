// SPDX-License-Identifier: MIT
// What one outage showed. See `outage_book`.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/capture/record.hpp"

namespace drover::audit {

/// The traffic of a time: what the application asked of the server and of the origin.
struct traffic_counts {
  moment length{};
  std::uint64_t commands = 0;  ///< with keys: those that set up a connection do not count
  std::uint64_t reads = 0;     ///< of these: those that read values, found or not
  std::uint64_t connections = 0;
  std::uint64_t loads = 0;  ///< that the origin reported

  /// How often it tried to reach the server. A new connection and its first command are one try.
  [[nodiscard]] std::uint64_t attempts() const { return std::max(commands, connections); }
  /// `count` of this time in a second; 0 if the time is empty.
  [[nodiscard]] double per_second(std::uint64_t count) const {
    return length <= moment{}
               ? 0.0
               : static_cast<double>(count) / std::chrono::duration<double>(length).count();
  }
};

/// One outage and what the application did.
struct outage_result {
  outage_kind kind = outage_kind::slow;
  moment from{};
  moment to{};
  traffic_counts traffic;
  std::uint64_t checks = 0;
  std::uint64_t failed = 0;
  /// The checks that failed, the first ones.
  std::vector<application_checked> failures;
  /// Why the checks cannot be judged; "" if they can.
  std::string not_judged;
  /// The application needed so long after the outage; nullopt: it did not recover, or that is not
  /// known.
  std::optional<moment> recovered_after;
  /// Whether it is known if the application recovered.
  bool is_recovery_known = false;
  /// The time that it had to recover.
  moment recovery_max{};
  /// The application itself ended during the outage or before it recovered.
  bool is_application_gone = false;

  [[nodiscard]] bool is_judged() const { return not_judged.empty(); }
};

}  // namespace drover::audit
