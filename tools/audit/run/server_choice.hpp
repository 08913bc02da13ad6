// SPDX-License-Identifier: MIT
// Chooses the server to audit. Pure.
#pragma once

#include <string>

#include "audit/proxy/address.hpp"
#include "audit/run/environment.hpp"
#include "connection/url.hpp"

namespace drover::audit {

struct chosen_server {
  /// Only the audit's own connections use the user and password.
  connection::endpoint endpoint;
  /// The option or variable that names the server, or "default".
  std::string source;

  [[nodiscard]] address without_credentials() const;
};

/// `--upstream` as typed: HOST:PORT, a path, or a URL. Throws text::usage_error.
[[nodiscard]] chosen_server server_from_option(const std::string& text);

/// The server that the variables name, or 127.0.0.1:6379. Throws text::usage_error if it requires
/// TLS.
[[nodiscard]] chosen_server server_from_environment(const environment& variables);

/// Whether the server is on this machine.
[[nodiscard]] bool is_loopback(const address& at);

}  // namespace drover::audit
