// SPDX-License-Identifier: MIT
#include "audit/run/server_choice.hpp"

#include "text/usage_error.hpp"

namespace drover::audit {
namespace {

connection::endpoint endpoint_of(const address& at) {
  connection::endpoint made;
  if (at.is_unix()) {
    made.path = at.path;
  } else {
    made.host = at.host;
    made.port = at.port;
  }
  return made;
}

constexpr const char* tls_remedy =
    "; TLS cannot be read along: end it in front of the server (with stunnel, say) and give that "
    "address by --upstream, or start a private server by --redis auto";

}  // namespace

address chosen_server::without_credentials() const {
  return at.host.empty() ? address{"", 0, at.path} : address{at.host, at.port, ""};
}

chosen_server server_typed(const std::string& text) {
  if (text.starts_with("rediss://") || text.starts_with("valkeys://")) {
    throw text::usage_error{"--upstream: it speaks TLS" + std::string{tls_remedy}};
  }
  const bool is_url = text.find("://") != std::string::npos;
  if (is_url) {
    auto at = connection::parse_url(text);
    if (!at) throw text::usage_error{"--upstream: " + at.error().text};
    return {*std::move(at), "--upstream"};
  }
  const auto at = parse_address(text);
  if (!at) throw text::usage_error{"--upstream: " + at.error().text};
  if (!at->is_unix() && at->port == 0) {
    throw text::usage_error{"--upstream '" + text + "': port 0 is no server's; give HOST:PORT"};
  }
  return {endpoint_of(*at), "--upstream"};
}

chosen_server server_usual(const environment& variables) {
  const server_found found = server_named_by(variables);
  if (found.variable.empty()) return {endpoint_of(address{}), "by default"};
  if (found.is_tls) {
    throw text::usage_error{found.variable + " names a server that speaks TLS" + tls_remedy};
  }
  return {endpoint_of(found.server), found.variable};
}

bool is_loopback(const address& at) {
  return at.is_unix() || at.host == "localhost" || at.host == "::1" || at.host.starts_with("127.");
}

}  // namespace drover::audit
