// SPDX-License-Identifier: MIT
#include "audit/proxy/peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>

namespace drover::audit {

peer peer_of(int descriptor) noexcept {
  peer out;
  socklen_t size = sizeof out.remote;
  if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&out.remote), &size) != 0) return out;
  out.is_unix = out.remote.ss_family == AF_UNIX;
  if (out.is_unix) {
    ucred credentials{};
    size = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0)
      out.pid = credentials.pid;
    return out;
  }
  size = sizeof out.local;
  static_cast<void>(getsockname(descriptor, reinterpret_cast<sockaddr*>(&out.local), &size));
  return out;
}

std::string describe(const peer& client) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (client.remote.ss_family == AF_INET) {
    const auto& at = reinterpret_cast<const sockaddr_in&>(client.remote);
    inet_ntop(AF_INET, &at.sin_addr, text.data(), text.size());
    return std::string{text.data()} + ":" + std::to_string(ntohs(at.sin_port));
  }
  if (client.remote.ss_family == AF_INET6) {
    const auto& at = reinterpret_cast<const sockaddr_in6&>(client.remote);
    inet_ntop(AF_INET6, &at.sin6_addr, text.data(), text.size());
    return "[" + std::string{text.data()} + "]:" + std::to_string(ntohs(at.sin6_port));
  }
  return "unix";
}

}  // namespace drover::audit
