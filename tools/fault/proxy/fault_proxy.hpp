// SPDX-License-Identifier: MIT
// A proxy in front of one server that injects the faults of a script. Each client has its own
// connection to the server. Listens on TCP or a Unix socket, and so may the server.
//
// Threads: start and stop on one. The proxy runs on a thread of its own.
#pragma once

#include <drover/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "audit/proxy/address.hpp"
#include "fault/flow/injection.hpp"
#include "fault/plan/fault_spec.hpp"

namespace drover::faults {

struct fault_proxy_settings {
  audit::address listen{"127.0.0.1", 0, ""};
  audit::address server{};
  std::vector<fault_spec> specs{};
  std::uint64_t seed = 1;
  /// Further connections are refused.
  std::size_t connections_max = 10'000;
  /// The number of the client that connects from this port of this machine; nullopt: it is
  /// refused. Not set: clients are numbered in the order of their connections. Called on the
  /// proxy's thread.
  std::function<std::optional<std::uint64_t>(std::uint16_t from_port)> number_of{};
  /// Prints a message. Called on the proxy's thread.
  std::function<void(const std::string& line)> say{};
  /// Receives each injected fault. Called on the proxy's thread. Must not block.
  std::function<void(const injection& event)> injected{};
};

/// What one spec has done.
struct spec_counts {
  /// Requests or connections that the spec selects, before nth, every, chance and limit.
  std::uint64_t selected = 0;
  std::uint64_t injected = 0;
  /// Faults that could not be injected.
  std::uint64_t failed = 0;
};

struct fault_counts {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;
  /// Connections whose bytes passed unchanged from some request on.
  std::uint64_t unchanged_connections = 0;
  /// Clients that were turned away because the server could not be reached, or because of
  /// `connections_max`.
  std::uint64_t turned_away = 0;
  std::vector<spec_counts> specs;
};

class fault_proxy {
 public:
  explicit fault_proxy(fault_proxy_settings with);
  /// Stops.
  ~fault_proxy();
  fault_proxy(const fault_proxy&) = delete;
  fault_proxy& operator=(const fault_proxy&) = delete;

  /// Listens and returns the address with the actual port. Clients that connect wait for `start`.
  /// Fails if the address is invalid or in use, or if the server cannot be reached. To be called
  /// once. Blocks: while names are resolved and the server is reached, for at most five seconds.
  [[nodiscard]] result<audit::address> listen();
  /// Accepts clients. The times of the script begin now. To be called once, after `listen`.
  void start();
  /// Closes all connections and waits for the end of the thread. Does nothing if it does not run.
  void stop();

  /// To be called before `start` or after `stop`.
  [[nodiscard]] fault_counts counts() const;

 private:
  class loop;
  std::unique_ptr<loop> loop_;
  std::thread thread_;
};

}  // namespace drover::faults
