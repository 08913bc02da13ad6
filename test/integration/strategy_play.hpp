// SPDX-License-Identifier: MIT
// Shared by the tests of the simulator's strategies: a server, a counting origin, and strategies
// that use both.
#pragma once

#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "integration/fleet.hpp"
#include "simulate/strategies/strategy.hpp"
#include "support/document.hpp"

namespace drover::test {

/// The value of --strategy-command for test/support/simulate_client.py.
[[nodiscard]] inline std::string sample_command() {
  return "'" + source_path("test/support/simulate_client.py") + "' {redis} {ttl-ms}";
}

class strategy_play : public testing::Test {
 protected:
  using held_strategy = std::unique_ptr<simulate::strategy>;
  using row = std::optional<std::string>;

  static constexpr const char* key = "drover-simulate:ab12cd:profile:0";

  ~strategy_play() override { origin.let_all_go(); }

  [[nodiscard]] simulate::strategy_settings settings(std::chrono::milliseconds ttl = 300s) {
    return {.redis_url = server.url(),
            .ask = [this](std::string_view loaded_key) { return origin.load(loaded_key); },
            .ttl = ttl};
  }
  [[nodiscard]] held_strategy begin(const simulate::strategy_kind& kind,
                                    std::chrono::milliseconds ttl = 300s) {
    return kind.begin(settings(ttl));
  }
  [[nodiscard]] held_strategy begin(std::string_view name, std::chrono::milliseconds ttl = 300s) {
    const simulate::strategy_kind* const kind = simulate::find_strategy(name);
    if (kind == nullptr) throw std::invalid_argument{"no strategy " + std::string{name}};
    return begin(*kind, ttl);
  }
  /// The value of this version in the origin.
  [[nodiscard]] static row version(std::uint64_t number) {
    return shared_origin::text_of(key, number);
  }
  /// Runs a get on its own thread.
  [[nodiscard]] static std::future<row> later(simulate::strategy& played) {
    return std::async(std::launch::async, [&played] { return played.get(key); });
  }
  [[nodiscard]] bool loads_run(unsigned how_many = 1) const {
    return eventually([&] { return origin.running(key) == how_many; });
  }
  /// The text of the exception of a get; empty when it succeeds.
  [[nodiscard]] static std::string error_of(simulate::strategy& played) {
    try {
      static_cast<void>(played.get(key));
      return "";
    } catch (const std::exception& error) {
      return error.what();
    }
  }
  /// The value under this name in Redis.
  [[nodiscard]] row stored(std::string_view name) const {
    const resp::message reply = server.command({"GET", name});
    if (reply.root().is_null()) return std::nullopt;
    return std::string{reply.root().text()};
  }
  /// All keys in Redis, except the canaries with which Drover tests whether pushes arrive.
  [[nodiscard]] std::vector<std::string> keys() const {
    const resp::message reply = server.command({"KEYS", "*"});
    std::vector<std::string> names;
    for (std::size_t i = 0; i < reply.root().size(); ++i) {
      std::string name{reply.root()[i].text()};
      if (name.find(":c:") == std::string::npos) names.push_back(std::move(name));
    }
    return names;
  }

  watchdog guard;
  redis_server server;
  shared_origin origin;
};

}  // namespace drover::test
