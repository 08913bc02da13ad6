// SPDX-License-Identifier: MIT
// Who is at the other end of an accepted connection, as far as the socket itself tells.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <string>

namespace drover::audit {

struct peer {
  pid_t pid = 0;  ///< known at once for unix sockets; 0: not known
  bool is_unix = false;
  sockaddr_storage theirs{};  ///< their address; of TCP
  sockaddr_storage ours{};    ///< the one they reached
};

/// What the socket tells. Asks the kernel twice at most, and never fails: what it cannot learn
/// stays as it is.
[[nodiscard]] peer peer_of(int descriptor) noexcept;

/// "127.0.0.1:40312", "[::1]:40312" or "unix".
[[nodiscard]] std::string describe(const peer& who);

}  // namespace drover::audit
