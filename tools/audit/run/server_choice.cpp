// SPDX-License-Identifier: MIT
#include "audit/run/server_choice.hpp"

#include "text/usage_error.hpp"

namespace drover::audit {
namespace {

connection::endpoint endpoint_of(const address& at) {
  connection::endpoint result;
  if (at.is_unix()) {
    result.path = at.path;
  } else {
    result.host = at.host;
    result.port = at.port;
  }
  return result;
}

constexpr const char* tls_remedy =
    "; encrypted traffic cannot be audited. Terminate TLS in front of the server, for example with "
    "stunnel, and give that address with --upstream, or use --redis auto";

}  // namespace

address chosen_server::without_credentials() const {
  return endpoint.host.empty() ? address{"", 0, endpoint.path}
                               : address{endpoint.host, endpoint.port, ""};
}

chosen_server server_from_option(const std::string& text) {
  if (text.starts_with("rediss://") || text.starts_with("valkeys://")) {
    throw text::usage_error{"--upstream: the server requires TLS" + std::string{tls_remedy}};
  }
  const bool is_url = text.find("://") != std::string::npos;
  if (is_url) {
    auto at = connection::parse_plain_url(text);
    if (!at) throw text::usage_error{"--upstream: " + at.error().text};
    return {*std::move(at), "--upstream"};
  }
  const auto at = parse_address(text);
  if (!at) throw text::usage_error{"--upstream: " + at.error().text};
  if (!at->is_unix() && at->port == 0) {
    throw text::usage_error{"--upstream '" + text +
                            "': a server cannot have port 0; give HOST:PORT"};
  }
  return {endpoint_of(*at), "--upstream"};
}

chosen_server server_from_environment(const environment& variables) {
  const named_server named = server_named_by(variables);
  if (named.variable.empty()) return {endpoint_of(address{}), "default"};
  if (named.is_tls) {
    throw text::usage_error{named.variable + " names a server that requires TLS" + tls_remedy};
  }
  return {endpoint_of(named.server), named.variable};
}

bool is_loopback(const address& at) {
  return at.is_unix() || at.host == "localhost" || at.host == "::1" || at.host.starts_with("127.");
}

}  // namespace drover::audit
