// SPDX-License-Identifier: MIT
// Serves a text to Prometheus over HTTP: one request on each connection. No client can hold it up:
// each connection ends after `patience`, whatever the client sends or reads, and at most
// `connections_max` are open. Further clients wait in the queue of the system.
//
// Threads: start and stop on one. It runs on a thread of its own, which calls `text`.
#pragma once

#include <drover/result.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "audit/proxy/address.hpp"

namespace drover::audit {

struct metrics_server_settings {
  /// A TCP address. Port 0: any free port.
  address listen{"127.0.0.1", 9464, ""};
  std::function<std::string()> text{};
  std::chrono::milliseconds patience{5'000};
  std::size_t connections_max = 16;
};

class metrics_server {
 public:
  explicit metrics_server(metrics_server_settings settings);
  /// Stops.
  ~metrics_server();
  metrics_server(const metrics_server&) = delete;
  metrics_server& operator=(const metrics_server&) = delete;

  /// Listens and returns the address with the actual port. To be called once.
  [[nodiscard]] result<address> listen();
  /// To be called once, after `listen`.
  void start();
  void stop();
  /// Whether other machines can connect.
  [[nodiscard]] bool is_public() const noexcept { return is_public_; }

 private:
  class connection;

  void run();
  void accept_all();

  metrics_server_settings settings_;
  int listener_ = -1;
  int stopping_ = -1;  // an eventfd
  bool is_public_ = false;
  std::vector<connection> connections_;
  std::thread thread_;
};

}  // namespace drover::audit
