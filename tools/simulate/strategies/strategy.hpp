// SPDX-License-Identifier: MIT
// One way to read through a cache. The tool calls a few functions; how a strategy keeps its cache
// is up to the strategy. A strategy is one file, and one entry in strategies.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace drover::simulate {

struct strategy_settings {
  std::string redis_url;
  /// Asks the origin for one key. Blocks while the query runs. Returns nullopt when there is no
  /// such row, and throws std::runtime_error when the query fails. Any thread, several at once.
  std::function<std::optional<std::string>(std::string_view key)> ask;
  /// How long the cache serves a value, counted from its store.
  std::chrono::milliseconds ttl{};
  /// The mean duration of the query, for strategies that count the ttl from the start of the load.
  std::chrono::milliseconds load{};
  /// For strategies that draw random numbers. It differs between processes.
  std::uint64_t seed = 0;
};

/// One object in each process. Its construction does not wait. All keys that it gets contain the
/// run's prefix, have no white space and at most 200 bytes. Every key that it stores in Redis
/// contains the key that it belongs to, so that it can be found and removed. (Drover's own key for
/// a test of pushes belongs to no key, and expires within a second.)
///
/// Throws:  what the strategy's own code would throw to its user, such as the origin's error. Most
///          strategies handle an absent Redis themselves in `get`.
/// Threads: any, except for the destructor.
class strategy {
 public:
  strategy() = default;
  virtual ~strategy() = default;
  strategy(const strategy&) = delete;
  strategy& operator=(const strategy&) = delete;

  /// The value for `key`, or nullopt when there is no such row. Blocks for as long as the strategy
  /// makes its caller wait.
  [[nodiscard]] virtual std::optional<std::string> get(std::string_view key) = 0;
  /// What a user of the strategy calls after a change of the row is committed. Throws
  /// std::runtime_error when Redis does not acknowledge it.
  virtual void invalidate(std::string_view key) = 0;
  /// Whether the cache has a value or an absent row within its ttl. Never asks the origin. False
  /// while Redis is away.
  [[nodiscard]] virtual bool is_cached(std::string_view key) = 0;
};

struct strategy_kind {
  std::string_view name;      ///< on the command line and in JSON
  std::string_view title;     ///< in tables
  std::string_view summary;   ///< in --list: what it does, in one line
  std::string_view weakness;  ///< why it sends more than one query, when it does: half a sentence
  std::function<std::unique_ptr<strategy>(strategy_settings with)> begin;
};

/// All strategies, in the order of the list, without client programs of the user:
/// command_strategy.hpp makes a strategy of those.
[[nodiscard]] std::span<const strategy_kind> strategies();
/// By its name, or by a former name. nullptr when there is no such strategy.
[[nodiscard]] const strategy_kind* find_strategy(std::string_view name);

}  // namespace drover::simulate
