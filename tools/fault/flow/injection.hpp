// SPDX-License-Identifier: MIT
// One fault that was injected: a line of the log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "fault/plan/fault_spec.hpp"

namespace drover::faults {

struct injection {
  /// The index of the spec.
  std::size_t spec = 0;
  fault_kind kind = fault_kind::delay;
  /// Since the start of the proxy.
  microseconds at{0};
  /// 0: the fault concerns all connections.
  std::uint64_t connection = 0;
  /// 0: the fault concerns the whole connection.
  std::uint64_t request = 0;
  std::string command{};
  /// The first key, or "".
  std::string key{};
  /// Of a delay.
  std::optional<microseconds> delay{};
  /// Of a cut: how many bytes of the reply were delivered.
  std::optional<std::uint64_t> bytes{};
  /// Whether the server got the request.
  std::optional<bool> is_executed{};
  /// The fault could not be injected; the reason.
  std::string failure{};
};

/// Receives the injections, and the connections on which no more faults are injected.
class injection_sink {
 public:
  virtual ~injection_sink() = default;
  virtual void injected(injection event) = 0;
  /// From now on the bytes of the connection pass unchanged.
  virtual void passes_unchanged(std::uint64_t connection, const std::string& reason) = 0;
  virtual void request_read() = 0;
};

}  // namespace drover::faults
