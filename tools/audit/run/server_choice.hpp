// SPDX-License-Identifier: MIT
// Which server the proxy stands in front of. Pure.
#pragma once

#include <string>

#include "audit/proxy/address.hpp"
#include "audit/run/environment.hpp"
#include "connection/url.hpp"

namespace drover::audit {

struct chosen_server {
  connection::endpoint at;  ///< user and password are for connections of the tool's own
  std::string said_by;      ///< "--upstream", "REDIS_URL", "by default"

  [[nodiscard]] address without_credentials() const;
};

/// `--upstream` as typed: HOST:PORT, a path, or a URL. Throws text::usage_error.
[[nodiscard]] chosen_server server_typed(const std::string& text);

/// What the variables say, else 127.0.0.1:6379. Throws text::usage_error when they name one that
/// speaks TLS.
[[nodiscard]] chosen_server server_usual(const environment& variables);

/// It is on this machine: what is done to it is done to nobody else's.
[[nodiscard]] bool is_loopback(const address& at);

}  // namespace drover::audit
