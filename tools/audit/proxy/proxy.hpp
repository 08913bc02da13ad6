// SPDX-License-Identifier: MIT
// A transparent proxy in front of one server, with TCP or a Unix socket on either side. Each client
// has its own connection to the server, and the bytes pass unchanged (see `relay`). Everything that
// a client and a server negotiate works as without the proxy.
//
// Threads: start and stop on one. The proxy runs on a thread of its own.
#pragma once

#include <drover/result.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "audit/proxy/address.hpp"
#include "audit/proxy/tap.hpp"
#include "audit/proxy/tls_acceptor.hpp"
#include "audit/topology/node_directory.hpp"
#include "connection/tls.hpp"

namespace drover::audit {

/// A server that replies may name.
struct known_node {
  address server{};
  node_kind kind = node_kind::data;
  /// The names of the host in replies, apart from that in `server`. They have the same port.
  std::vector<std::string> other_hosts{};
};

/// The servers of a cluster, or the sentinels and servers of a service. Each has a listener of its
/// own, and the replies name the listeners. A server that a reply names for the first time gets its
/// listener then.
struct several_servers {
  /// The first one is `proxy_settings::server`.
  std::vector<known_node> nodes{};
  /// Whether they are sentinels with their servers, and not a cluster.
  bool has_sentinels = false;
};

struct proxy_settings {
  address listen{"127.0.0.1", 0, ""};
  address server{};
  /// nullopt: `server` is the only one. Otherwise the ports of the listeners follow that of
  /// `listen`, unless it is 0.
  std::optional<several_servers> several{};
  /// TLS with the servers. nullptr: without.
  std::shared_ptr<connection::tls_context> server_tls{};
  /// TLS with the clients. nullptr: without.
  std::shared_ptr<tls_acceptor> client_tls{};
  /// Further connections are refused.
  std::size_t connections_max = 10'000;
  /// Prints a message, for example that the server cannot be reached. A message is repeated only
  /// after the condition has ended. Called on the proxy's thread.
  std::function<void(const std::string& line)> say{};
  /// Called before the connection of a client to the server is opened, with the port of this
  /// machine that it will come from. Only if the server is on 127.0.0.1. Called on the proxy's
  /// thread.
  std::function<void(std::uint64_t connection, std::uint16_t from_port)> connecting{};
  /// How messages name the server. Empty: by its address.
  std::string server_name{};
  /// Whether to print that the server cannot be reached, and that it can again.
  bool reports_outages = true;
};

struct proxy_counts {
  /// All clients that have connected.
  std::uint64_t opened = 0;
  std::uint64_t open_now = 0;
  /// Clients that were refused: too many connections, or the server cannot be reached.
  std::uint64_t turned_away = 0;
  std::uint64_t bytes_to_server = 0;
  std::uint64_t bytes_to_client = 0;
};

class proxy {
 public:
  /// `watch` sees the traffic. It may be nullptr; otherwise it must outlive the proxy.
  explicit proxy(proxy_settings settings, tap_maker* watch = nullptr);
  /// Stops.
  ~proxy();
  proxy(const proxy&) = delete;
  proxy& operator=(const proxy&) = delete;

  /// Listens and returns the address with the actual port. Clients that connect wait for `start`.
  /// Fails if the address is invalid or in use, or if the server cannot be reached. May be called
  /// once. Blocks: while names are resolved and the server is reached, for at most five seconds.
  [[nodiscard]] result<address> listen();
  /// Accepts clients; listens first if `listen` was not called. May be called once.
  [[nodiscard]] result<address> start();
  /// Closes all connections and waits for the end of the thread. Does nothing if it does not run.
  void stop();

  /// Threads: any.
  [[nodiscard]] proxy_counts counts() const noexcept;

 private:
  class loop;
  std::unique_ptr<loop> loop_;
  std::optional<address> at_;
  std::thread thread_;
};

}  // namespace drover::audit
