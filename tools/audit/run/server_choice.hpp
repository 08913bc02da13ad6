// SPDX-License-Identifier: MIT
// Chooses the server to audit. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/proxy/address.hpp"
#include "audit/run/environment.hpp"
#include "connection/url.hpp"

namespace drover::audit {

/// What the address names. A server may turn out to be a node of a cluster.
enum class upstream_kind : std::uint8_t { server, cluster, sentinels };

struct chosen_server {
  /// Only the audit's own connections use the user and password. Its host and port are those of the
  /// first of `seeds`, if there are any.
  connection::endpoint endpoint;
  /// The option or variable that names the server, or "default".
  std::string source;
  upstream_kind kind = upstream_kind::server;
  /// The nodes or sentinels that the address names. Empty: it names one server.
  std::vector<address> seeds{};

  [[nodiscard]] address without_credentials() const;
};

/// `--upstream` as typed: HOST:PORT, a path, or a URL: redis://, rediss://, redis+cluster://,
/// rediss+cluster://, redis+sentinel://, unix://. Throws text::usage_error.
[[nodiscard]] chosen_server server_from_option(const std::string& text);

/// The server that the variables name, or 127.0.0.1:6379.
[[nodiscard]] chosen_server server_from_environment(const environment& variables);

/// Whether the server is on this machine.
[[nodiscard]] bool is_loopback(const address& at);

}  // namespace drover::audit
