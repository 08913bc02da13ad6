// SPDX-License-Identifier: MIT
// The peer of an accepted connection, according to the socket.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <string>

namespace drover::audit {

struct peer {
  /// Known for Unix sockets. 0: unknown.
  pid_t pid = 0;
  bool is_unix = false;
  /// The address of the peer, for TCP.
  sockaddr_storage remote{};
  /// The address that the peer connected to, for TCP.
  sockaddr_storage local{};
};

/// Reads the peer from the socket with at most two system calls. Never fails: unknown fields keep
/// their defaults.
[[nodiscard]] peer peer_of(int descriptor) noexcept;

/// "127.0.0.1:40312", "[::1]:40312" or "unix".
[[nodiscard]] std::string describe(const peer& client);

}  // namespace drover::audit
