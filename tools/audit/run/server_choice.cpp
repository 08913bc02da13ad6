// SPDX-License-Identifier: MIT
#include "audit/run/server_choice.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

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

/// The URL without its scheme, if that is one of those of a cluster.
struct cluster_url {
  bool is_tls = false;
  std::string rest;
};

std::optional<cluster_url> cluster_in(const std::string& text) {
  for (const auto& [scheme, is_tls] :
       {std::pair{"redis+cluster://", false}, std::pair{"rediss+cluster://", true},
        std::pair{"valkey+cluster://", false}, std::pair{"valkeys+cluster://", true}}) {
    if (text.starts_with(scheme)) {
      return cluster_url{is_tls, text.substr(std::string_view{scheme}.size())};
    }
  }
  return std::nullopt;
}

/// Reads [user[:password]@]host[:port],host[:port],...
chosen_server cluster_named(const cluster_url& url) {
  const auto at_sign = url.rest.rfind('@');
  const std::string credentials =
      at_sign == std::string::npos ? "" : url.rest.substr(0, at_sign + 1);
  std::string_view hosts{url.rest};
  hosts.remove_prefix(credentials.size());
  if (const auto slash = hosts.find('/'); slash != std::string_view::npos) {
    if (hosts.substr(slash) != "/" && hosts.substr(slash) != "/0") {
      refuse_option("server address: a cluster has no databases; leave out what follows the hosts");
    }
    hosts = hosts.substr(0, slash);
  }
  chosen_server out{{}, "--upstream", upstream_kind::cluster, {}};
  for (;;) {
    const auto comma = std::min(hosts.find(','), hosts.size());
    auto node =
        connection::parse_url("redis://" + credentials + std::string{hosts.substr(0, comma)});
    if (!node) refuse_option(node.error().text);
    out.seeds.push_back({node->host, node->port, ""});
    if (out.seeds.size() == 1) out.endpoint = *std::move(node);
    if (comma == hosts.size()) break;
    hosts.remove_prefix(comma + 1);
  }
  out.endpoint.tls = url.is_tls;
  return out;
}

std::string with_scheme_of_redis(const std::string& text) {
  if (text.starts_with("valkey://")) return "redis://" + text.substr(9);
  if (text.starts_with("valkeys://")) return "rediss://" + text.substr(10);
  return text;
}

}  // namespace

address chosen_server::without_credentials() const {
  return endpoint.host.empty() ? address{"", 0, endpoint.path}
                               : address{endpoint.host, endpoint.port, ""};
}

chosen_server server_from_option(const std::string& text) {
  if (const auto cluster = cluster_in(text)) return cluster_named(*cluster);
  if (text.find("://") != std::string::npos) {
    auto at = connection::parse_url(with_scheme_of_redis(text));
    if (!at) refuse_option(at.error().text);
    chosen_server out{*std::move(at), "--upstream", upstream_kind::server, {}};
    if (!out.endpoint.sentinels.empty()) {
      out.kind = upstream_kind::sentinels;
      for (const connection::host_port& sentinel : out.endpoint.sentinels) {
        out.seeds.push_back({sentinel.host, sentinel.port, ""});
      }
      out.endpoint.host = out.seeds.front().host;
      out.endpoint.port = out.seeds.front().port;
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
