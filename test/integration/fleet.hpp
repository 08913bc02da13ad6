// SPDX-License-Identifier: MIT
// Shared by the tests of the whole library: a server, a counting origin, and processes that use
// both.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "entry/envelope.hpp"
#include "entry/keys.hpp"
#include "support/cached_origin.hpp"
#include "support/crowd.hpp"
#include "support/redis_server.hpp"
#include "support/sanitized.hpp"
#include "support/shared_origin.hpp"
#include "support/worker.hpp"

namespace drover::test {

using namespace std::chrono_literals;

/// Waits for a condition that must become true. False when it does not; the limit is only a guard
/// against tests that hang.
template <class Condition>
[[nodiscard]] bool eventually(const Condition& holds, std::chrono::seconds guard = 20s) {
  const auto end = std::chrono::steady_clock::now() + guard;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// Ends the whole program with its processes and servers if a test hangs.
class watchdog {
 public:
  watchdog() { ::alarm(is_sanitized ? 280 : 110); }
  ~watchdog() { ::alarm(0); }
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;
};

/// The number of times that the server has executed `command`.
[[nodiscard]] inline std::uint64_t calls_of(const redis_server& server, std::string_view command) {
  const resp::message reply = server.command({"INFO", "commandstats"});
  const std::string text{reply.root().text()};
  const std::string field = "cmdstat_" + std::string{command} + ":calls=";
  const std::size_t at = text.find(field);
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + field.size()));
}

/// True when the server knows SET IFEQ.
[[nodiscard]] inline bool knows_comparisons(const redis_server& server) {
  return !server.command({"SET", "none", "x", "IFEQ", "y"}).root().is_error();
}

class fleet : public testing::Test {
 protected:
  fleet() { setup.url = server.url(); }
  ~fleet() override { origin.let_all_go(); }

  [[nodiscard]] std::unique_ptr<worker> start_worker(const cache_setup& with) const {
    return std::make_unique<worker>(DROVER_PROCESS_DIR "/worker", origin, with);
  }
  [[nodiscard]] std::unique_ptr<worker> start_worker() const { return start_worker(setup); }
  [[nodiscard]] std::vector<std::unique_ptr<worker>> start_workers(unsigned count) const {
    std::vector<std::unique_ptr<worker>> workers;
    for (unsigned i = 0; i < count; ++i) workers.push_back(start_worker());
    return workers;
  }
  /// The number of scripts that the server has run: LEASE, FILL and the like.
  [[nodiscard]] std::uint64_t scripts_run() const { return calls_of(server, "evalsha"); }
  /// The value key of a user's key in the cache of `setup`.
  [[nodiscard]] std::string value_key(std::string_view key) const {
    return entry::key_space{setup.name, 1}.value_key(key);
  }
  /// The envelope under a user's key, as it is stored.
  [[nodiscard]] entry::envelope stored(std::string_view key) const {
    const resp::message reply = server.command({"GET", value_key(key)});
    return entry::decode(reply.root().is_null() ? std::string_view{} : reply.root().text()).head;
  }
  /// Leases that neither end nor are renewed while a test runs, so that neither affects the result.
  void use_long_leases() {
    setup.policy.lease_ttl = 5min;
    setup.policy.load_max = 10min;
  }
  /// After a failed load with long leases: prolongs its pause so that it outlasts the test on a
  /// busy machine.
  void prolong_pause(std::string_view key) const {
    ASSERT_EQ(stored(key).kind, entry::kind::failed);
    const std::string far{"\x00\x00\x10\x00\x00\x00\x00\x00", 8};
    server.command({"SETRANGE", value_key(key), "16", far});
  }
  [[nodiscard]] bool loads_run(std::string_view key, unsigned how_many = 1) const {
    return eventually([&] { return origin.running(key) == how_many; });
  }

  watchdog guard;
  redis_server server;
  shared_origin origin;
  cache_setup setup;
};

}  // namespace drover::test
