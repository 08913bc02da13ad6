// SPDX-License-Identifier: MIT
// Reads /proc/net/tcp and /proc/net/tcp6 to find the inodes of the sockets of a connection. Pure.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace drover::audit {

/// An address with a port. IPv4 addresses are mapped to IPv6 (::ffff:127.0.0.1), because the two
/// ends of a connection may use different families.
struct tcp_end {
  std::array<std::uint8_t, 16> host{};
  std::uint16_t port = 0;

  [[nodiscard]] bool is_loopback() const noexcept;
  friend auto operator<=>(const tcp_end&, const tcp_end&) = default;
};

/// A connection as seen by one of its two ends.
struct tcp_ends {
  tcp_end local;
  tcp_end remote;
  friend auto operator<=>(const tcp_ends&, const tcp_ends&) = default;
};

/// The address and port in a socket address; nullopt: it is not an IP address.
[[nodiscard]] std::optional<tcp_end> end_of(const sockaddr_storage& at) noexcept;

/// Calls `visit` for every socket in the text of the table. Skips invalid lines and sockets without
/// an inode, which no process uses.
void read_tcp_table(std::string_view table,
                    const std::function<void(const tcp_ends&, std::uint64_t inode)>& visit);

}  // namespace drover::audit
