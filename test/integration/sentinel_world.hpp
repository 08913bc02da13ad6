// SPDX-License-Identifier: MIT
// A client that finds its server through real sentinels, and callers that ask during a failover.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "integration/gated_loads.hpp"
#include "support/sentinels.hpp"

namespace drover::test {

/// A failover takes seconds, more on a busy machine.
inline constexpr std::chrono::seconds failover_guard{60};

class sentinel_fleet : public fleet {
 protected:
  explicit sentinel_fleet(sentinel_group::options of = {}) : group{std::move(of)} {
    ::alarm(is_sanitized ? 580 : 280);
    setup.url = group.url();
    setup.policy.failure_pause_max = 0ms;
    app = setup.client();
    if (group.url().starts_with("rediss")) app.tls.ca.text = group.ca.certificate();
  }

  [[nodiscard]] bool comes_back(cached_origin& cached) {
    return eventually([&] { return cached.ask("n" + std::to_string(++asked)).how == "loaded"; },
                      failover_guard);
  }
  [[nodiscard]] bool fails_over_from(const redis_server& former) {
    return eventually([&] { return group.has_left(former); }, failover_guard);
  }
  /// True when the client's connection leads to this server.
  [[nodiscard]] bool is_connected_to(const redis_server& server) const {
    const resp::message clients = server.command({"CLIENT", "LIST"});
    return clients.root().text().find("name=drover") != std::string_view::npos;
  }

  /// Callers ask, change and invalidate until the failover is over. After it, no reader may get a
  /// value that is older than the last acknowledged or repeated invalidation.
  void fail_over_under_load(const std::function<void(redis_server&)>& begin_failover) {
    cached_origin cached{origin, options(), app};
    EXPECT_EQ(cached.ask("a").how, "loaded");
    redis_server& former = group.primary();
    std::atomic<bool> ends{false};
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) {
      callers.emplace_back([&, i] {
        for (int round = 0; !ends; ++round) {
          const std::string key = "k" + std::to_string((round + i) % 8);
          EXPECT_NE(cached.ask(key).value, "");
          std::this_thread::sleep_for(1ms);
        }
      });
    }
    begin_failover(former);
    EXPECT_TRUE(fails_over_from(former));
    EXPECT_TRUE(eventually([&] { return is_connected_to(group.primary()); }, failover_guard));
    origin.write("a");
    EXPECT_TRUE(
        eventually([&] { return cached.values.invalidate("a").has_value(); }, failover_guard));
    EXPECT_EQ(cached.ask("a").value, "1:a");
    EXPECT_TRUE(comes_back(cached));
    ends = true;
    for (std::thread& caller : callers) caller.join();
    former.resume();
    cached_origin elsewhere{origin, options(), app};
    EXPECT_TRUE(eventually([&] { return elsewhere.ask("a").value == "1:a"; }, failover_guard));
  }

  [[nodiscard]] cache_options options() const { return {.name = "t", .policy = setup.policy}; }

  sentinel_group group;
  client_options app;
  int asked = 0;
};

}  // namespace drover::test
