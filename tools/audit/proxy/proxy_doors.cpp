// SPDX-License-Identifier: MIT
// The listeners of a proxy: one for a single server, and one for each server of a cluster or of a
// service that sentinels watch.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "audit/proxy/proxy_loop.hpp"
#include "audit/proxy/resolve.hpp"

namespace drover::audit {
namespace {

constexpr int backlog = 511;
/// A reply may name any number of servers.
constexpr std::size_t doors_max = 2000;
/// Ports that are tried for a server that is found later.
constexpr int later_ports_max = 100;

fault cannot_listen(const address& at, int error) {
  std::string why = uv_strerror(error);
  if (error == UV_EADDRINUSE)
    why = "the address is in use; choose another one or stop the process that uses it";
  if (error == UV_EACCES) why = "permission denied";
  if (error == UV_EADDRNOTAVAIL) why = "this machine does not have the address";
  return {fault_code::unreachable, "cannot listen at " + describe(at) + ": " + why};
}

bool is_socket(const std::string& path) noexcept {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

std::uint16_t port_of(const sockaddr_storage& at) noexcept {
  return ntohs(at.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(at).sin6_port
                                        : reinterpret_cast<const sockaddr_in&>(at).sin_port);
}

bool is_any_host(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

/// The host of "127.0.0.1:6390" and "[::1]:6390", without brackets.
std::string host_in(const std::string& text) {
  std::string host = text.substr(0, text.rfind(':'));
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  return host.starts_with("::ffff:") ? host.substr(7) : host;
}

std::string name_of(const named_node& node, const std::string& host) {
  return (node.kind == node_kind::sentinel ? "s " : "d ") + host + ' ' + std::to_string(node.port);
}

}  // namespace

result<void> proxy::loop::open_doors() {
  known_node only{settings_.server, node_kind::data, {}};
  const auto& nodes = settings_.several ? settings_.several->nodes : std::vector{only};
  address at = settings_.listen;
  for (const known_node& node : nodes) {
    door& opened = add_door(node);
    if (settings_.several) {
      name_door({node.server.host, node.server.port, node.kind}, &opened);
      for (const std::string& host : node.other_hosts) {
        name_door({host, node.server.port, node.kind}, &opened);
      }
    }
    if (doors_.size() == 1) {
      auto server = reach(node.server);
      if (!server) return server.error();
      opened.resolved = *std::move(server);
    }
    if (auto listening = listen_at(opened, at); !listening) {
      if (doors_.size() == 1 || at.port == 0) return listening.error();
      return fault{listening.error().code, listening.error().text + "; each of the " +
                                               std::to_string(nodes.size()) +
                                               " servers needs a port, from " +
                                               std::to_string(settings_.listen.port) + " on"};
    }
    if (at.port != 0) last_port_ = at.port++;
  }
  const auto addresses = resolve(settings_.listen);
  if (addresses && !is_loopback(addresses->front())) {
    say("every host that can reach " + describe(settings_.listen) + " can reach " +
        server_in_words(*doors_.front()) + " through the proxy");
  }
  return {};
}

door& proxy::loop::add_door(const known_node& node) {
  doors_.push_back(std::make_unique<door>());
  door& added = *doors_.back();
  added.owner = this;
  added.number = doors_.size() - 1;
  added.server = node.server;
  added.kind = node.kind;
  if (!settings_.several) return added;
  // Further servers need not be there now.
  if (doors_.size() > 1) {
    if (auto resolved = resolve(node.server)) added.resolved = resolved->front();
  }
  return added;
}

void proxy::loop::name_door(const named_node& node, door* opened) {
  for (const std::string& host : {node.host, node.other_host}) {
    if (!host.empty()) doors_by_name_.try_emplace(name_of(node, host), opened);
  }
}

result<void> proxy::loop::listen_at(door& opened, const address& at) {
  const auto addresses = resolve(at);
  if (!addresses) return addresses.error();
  const resolved_address& where = addresses->front();
  // The file of a socket remains if its program is killed. Without a listener it can be removed.
  if (where.is_unix() && is_socket(where.path) && !reach(at)) ::unlink(where.path.c_str());
  init_handle(&loop_, opened.listener, where.is_unix());
  opened.listener.any.data = &opened;
  opened.is_listening = true;
  int failed = where.is_unix() ? uv_pipe_bind(&opened.listener.pipe, where.path.c_str())
                               : uv_tcp_bind(&opened.listener.tcp, where.socket_address(), 0);
  if (failed == 0) failed = uv_listen(&opened.listener.stream, backlog, on_client);
  sockaddr_storage bound{};
  int size = sizeof bound;
  if (failed == 0 && !where.is_unix()) {
    failed = uv_tcp_getsockname(&opened.listener.tcp, reinterpret_cast<sockaddr*>(&bound), &size);
  }
  if (failed != 0) return cannot_listen(at, failed);
  opened.at = at;
  if (!where.is_unix()) opened.at.port = port_of(bound);
  return {};
}

std::optional<std::uint16_t> proxy::loop::port_for(const named_node& node) {
  for (const std::string& host : {node.host, node.other_host}) {
    const auto known = doors_by_name_.find(name_of(node, host));
    if (known == doors_by_name_.end()) continue;
    if (known->second == nullptr) return std::nullopt;
    name_door(node, known->second);
    return known->second->at.port;
  }
  if (doors_by_name_.size() >= 4 * doors_max) return std::nullopt;
  door* const opened = open_door_later(node);
  name_door(node, opened);
  if (opened == nullptr) return std::nullopt;
  return opened->at.port;
}

/// A server that was not known at the beginning.
door* proxy::loop::open_door_later(const named_node& node) {
  if (is_stopping_) return nullptr;
  const address server{node.host, node.port, ""};
  if (doors_.size() >= doors_max) {
    say("no listener for " + describe(server) + ": there are " + std::to_string(doors_max) +
        " already; what clients say to it is not audited");
    return nullptr;
  }
  fault last;
  for (int attempt = 0; attempt < later_ports_max; ++attempt) {
    address at = settings_.listen;
    if (at.port != 0) {
      if (last_port_ == UINT16_MAX) break;
      at.port = ++last_port_;
    }
    door& opened = add_door({server, node.kind, {}});
    auto listening = listen_at(opened, at);
    if (listening) return &opened;
    last = listening.error();
    // The door stays, because the loop still uses its handle.
    opened.is_listening = false;
    uv_close(&opened.listener.any, nullptr);
    if (at.port == 0) break;
  }
  say("no listener for " + describe(server) + ": " + last.text +
      "; what clients say to it is not audited");
  return nullptr;
}

std::unique_ptr<reply_rewriter> proxy::loop::rewriter_for(const door& from, int client) {
  const bool is_sentinel = from.kind == node_kind::sentinel;
  if (settings_.several->has_sentinels && !is_sentinel) return nullptr;
  address_view seen;
  seen.proxy_host = settings_.listen.host;
  if (is_any_host(seen.proxy_host)) {
    peer as_seen = peer_of(client);
    as_seen.remote = as_seen.local;
    seen.proxy_host = host_in(describe(as_seen));
  }
  seen.server_host = from.server.host;
  seen.client_has_tls = settings_.client_tls != nullptr;
  seen.server_has_tls = settings_.server_tls != nullptr;
  node_directory& nodes = *this;
  return std::make_unique<reply_rewriter>(
      is_sentinel ? server_role::sentinel : server_role::cluster_node, std::move(seen), nodes);
}

}  // namespace drover::audit
