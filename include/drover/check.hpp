// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace drover {

/// Whether the server can be used, as `client::check` found.
enum class readiness : std::uint8_t {
  ready,     ///< everything that the library uses works
  degraded,  ///< values are cached, but something works less well: see the problems
  unusable,  ///< the server is away, refuses this client, or lacks an essential right
};

/// The name of the state.
///
/// Throws:  nothing.
/// Threads: safe from any thread.
[[nodiscard]] constexpr std::string_view to_string(readiness state) noexcept {
  switch (state) {
    case readiness::ready: return "ready";
    case readiness::degraded: return "degraded";
    case readiness::unusable: return "unusable";
  }
  return "unknown";
}

/// A request that the server did not execute as the library needs it.
///
/// Threads: a value; copy it.
struct check_problem {
  std::string request{};  ///< what was tried: "CLIENT LIST", "connect"
  std::string reason{};   ///< one line, from the server or from the system; no password
  std::string effect{};   ///< what does not work, or works less well
  std::string remedy{};   ///< what to change; empty when there is no known remedy
  bool is_essential = false;
};

/// The result of `client::check`.
///
/// Threads: a value; copy it.
struct check_report {
  readiness state = readiness::unusable;
  std::string server{};   ///< "redis" or "valkey"; empty when unknown
  std::string version{};  ///< "7.0.15"; empty when unknown
  std::string role{};     ///< "primary" or "replica"; empty when unknown
  /// The median of nine round trips; empty when there was no connection.
  std::optional<std::chrono::microseconds> round_trip{};
  std::vector<check_problem> problems{};  ///< the essential ones first
};

}  // namespace drover
