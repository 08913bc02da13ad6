// SPDX-License-Identifier: MIT
// Where a server listens: a host and a port.
#pragma once

#include <cstdint>
#include <string>

namespace drover::base {

/// A host name or address, and a port.
struct host_port {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const host_port&, const host_port&) = default;
};

/// "10.0.0.1:6379", "[::1]:6379".
[[nodiscard]] std::string describe(const host_port& at);

}  // namespace drover::base
