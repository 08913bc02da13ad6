// SPDX-License-Identifier: MIT
#include "audit/run/server_choice.hpp"

#include <string_view>
#include <utility>
#include <vector>

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

[[noreturn]] void refuse_option(std::string reason) {
  constexpr std::string_view library = "client_options::tls";
  if (const auto at = reason.find(library); at != std::string::npos) {
    reason.replace(at, library.size(), "--upstream-ca, --upstream-cert and --upstream-key");
  }
  throw text::usage_error{"--upstream: " + reason};
}

/// valkey://... is redis://..., valkeys+cluster://... is rediss+cluster://..., and so on.
std::string with_scheme_of_redis(const std::string& text) {
  constexpr std::string_view own = "valkey";
  return text.starts_with(own) ? "redis" + text.substr(own.size()) : text;
}

/// Nodes of a cluster, or sentinels. The audit asks the first one that answers.
void name_several(chosen_server& into, upstream_kind kind,
                  const std::vector<connection::host_port>& hosts) {
  into.kind = kind;
  for (const connection::host_port& at : hosts) into.seeds.push_back({at.host, at.port, ""});
  into.endpoint.host = into.seeds.front().host;
  into.endpoint.port = into.seeds.front().port;
}

}  // namespace

address chosen_server::without_credentials() const {
  return endpoint.host.empty() ? address{"", 0, endpoint.path}
                               : address{endpoint.host, endpoint.port, ""};
}

chosen_server server_from_option(const std::string& text) {
  if (text.find("://") != std::string::npos) {
    auto at = connection::parse_url(with_scheme_of_redis(text));
    if (!at) refuse_option(at.error().text);
    chosen_server out{*std::move(at), "--upstream", upstream_kind::server, {}};
    const connection::endpoint named = out.endpoint;
    if (named.tls && !named.sentinels.empty()) {
      refuse_option("sentinels with TLS cannot be audited yet; use redis+sentinel://");
    }
    if (!named.sentinels.empty()) name_several(out, upstream_kind::sentinels, named.sentinels);
    if (!named.cluster_seeds.empty()) {
      name_several(out, upstream_kind::cluster, named.cluster_seeds);
    }
    return out;
  }
  const auto at = parse_address(text);
  if (!at) refuse_option(at.error().text);
  if (!at->is_unix() && at->port == 0) {
    throw text::usage_error{"--upstream '" + text +
                            "': a server cannot have port 0; give HOST:PORT"};
  }
  return {endpoint_of(*at), "--upstream", upstream_kind::server, {}};
}

chosen_server server_from_environment(const environment& variables) {
  const named_server named = server_named_by(variables);
  if (named.variable.empty()) {
    return {endpoint_of(address{}), "default", upstream_kind::server, {}};
  }
  chosen_server out{endpoint_of(named.server), named.variable, upstream_kind::server, {}};
  out.endpoint.tls = named.is_tls;
  return out;
}

bool is_loopback(const address& at) {
  return at.is_unix() || at.host == "localhost" || at.host == "::1" || at.host.starts_with("127.");
}

}  // namespace drover::audit
