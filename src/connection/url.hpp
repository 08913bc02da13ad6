// SPDX-License-Identifier: MIT
// The URL of a server: redis://[user[:password]@]host[:port][/db], the same with rediss:// for TLS,
// unix:///path[?db=n], redis+sentinel://[user[:password]@]host[:port],.../service[/db], or
// redis+cluster://[user[:password]@]host[:port],... and the last two with rediss+sentinel:// and
// rediss+cluster:// for TLS. Pure.
#pragma once

#include <drover/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/host_port.hpp"

namespace drover::connection {

using base::describe;
using base::host_port;

struct endpoint {
  std::string host{};  ///< empty for a unix socket, with sentinels, and for a cluster
  std::uint16_t port = 6379;
  std::string path{};      ///< the path of the unix socket
  std::string user{};      ///< empty: the default user
  std::string password{};  ///< empty: no AUTH
  std::uint32_t database = 0;
  bool tls = false;  ///< the URL begins with rediss://, rediss+sentinel:// or rediss+cluster://
  /// The sentinels that name the primary of `service`; empty: the URL names the server itself.
  std::vector<host_port> sentinels{};
  std::string service{};
  /// Nodes of a cluster: any of them knows all others. Empty: the URL is none of a cluster.
  std::vector<host_port> cluster_seeds{};
};

/// The text of a fault says what is wrong and what is supported. It never repeats the URL, which
/// may contain a password.
[[nodiscard]] result<endpoint> parse_url(std::string_view url);

/// As `parse_url`, for programs that connect to one server without TLS: rediss://, sentinels and
/// clusters are refused.
[[nodiscard]] result<endpoint> parse_plain_url(std::string_view url);

/// A description for people and logs, without user and password.
[[nodiscard]] std::string describe(const endpoint& at);

}  // namespace drover::connection
