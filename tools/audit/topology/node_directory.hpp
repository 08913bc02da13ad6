// SPDX-License-Identifier: MIT
// The servers that replies name, and the listeners of the proxy that stand for them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace drover::audit {

enum class node_kind : std::uint8_t { data, sentinel };

/// A server as a reply names it.
struct named_node {
  std::string host;
  std::uint16_t port = 0;
  node_kind kind = node_kind::data;
  /// Another name of the same host, as in `cluster-announce-hostname`. Empty: it has none.
  std::string other_host{};
};

/// Finds the listener for a server, or opens one.
class node_directory {
 public:
  virtual ~node_directory() = default;
  /// The port of the listener. nullopt: there is none, and the address stays as it is.
  [[nodiscard]] virtual std::optional<std::uint16_t> port_for(const named_node& node) = 0;
};

/// The addresses of one connection.
struct address_view {
  /// The host that replies name instead of those of the servers.
  std::string proxy_host;
  /// The host of the server of this connection. Replies may leave it out.
  std::string server_host;
  /// The client speaks TLS with the proxy: CLUSTER SHARDS has the port in another field.
  bool client_has_tls = false;
  bool server_has_tls = false;
};

}  // namespace drover::audit
