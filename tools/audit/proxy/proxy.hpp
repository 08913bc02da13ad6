// SPDX-License-Identifier: MIT
// A transparent proxy in front of one server, TCP or unix socket on either side. Each client gets a
// connection of its own to the server, and the bytes pass unchanged (see `relay`), so that whatever
// a client and a server agree on works as without it.
//
// Threads: start and stop on one; the rest happens on a thread of its own.
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

#include "audit/proxy/address.hpp"
#include "audit/proxy/tap.hpp"

namespace drover::audit {

struct proxy_settings {
  address listen{"127.0.0.1", 0, ""};
  address server{};
  std::size_t connections_max = 10'000;  ///< at once; more are turned away
  /// What people should know, as that the server has gone: one line each, and each only once until
  /// it is over. Called on the proxy's thread.
  std::function<void(const std::string& line)> say{};
};

struct proxy_counts {
  std::uint64_t opened = 0;  ///< clients
  std::uint64_t open_now = 0;
  std::uint64_t turned_away = 0;  ///< there were too many, or the server could not be reached
  std::uint64_t bytes_to_server = 0;
  std::uint64_t bytes_to_client = 0;
};

class proxy {
 public:
  /// `watch` sees what passes; it may be nullptr, and must outlive the proxy otherwise.
  explicit proxy(proxy_settings with, tap_maker* watch = nullptr);
  /// Stops.
  ~proxy();
  proxy(const proxy&) = delete;
  proxy& operator=(const proxy&) = delete;

  /// Listens, and answers where: with the true port. Whoever connects waits for `start`. The fault
  /// says in a sentence what is wrong: an address that is none or is in use, or a server that
  /// cannot be reached. May be called once.
  /// Blocks: while names are looked up and the server is reached, five seconds at most for that.
  [[nodiscard]] result<address> listen();
  /// Lets in whoever connects; listens first, if that was not asked for. May be called once.
  [[nodiscard]] result<address> start();
  /// Closes all connections and waits until that is done. Nothing to do if it does not run.
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
