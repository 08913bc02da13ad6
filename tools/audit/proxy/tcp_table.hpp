// SPDX-License-Identifier: MIT
// /proc/net/tcp and /proc/net/tcp6: which socket, by its inode, is the one end of a connection.
// Pure.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace drover::audit {

/// An address with a port. IPv4 stands as IPv6 does for it (::ffff:127.0.0.1): one end may see the
/// connection as the one, the other end as the other.
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

/// nullopt for what is no IP address.
[[nodiscard]] std::optional<tcp_end> end_of(const sockaddr_storage& at) noexcept;

/// Calls `each` for every socket in the table's text. Lines that cannot be read are skipped, and so
/// are sockets without an inode: nobody has them any more.
void read_tcp_table(std::string_view table,
                    const std::function<void(const tcp_ends&, std::uint64_t inode)>& each);

}  // namespace drover::audit
