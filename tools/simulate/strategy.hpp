// SPDX-License-Identifier: MIT
// One way to read through a cache. The tool asks two questions; how the cache is kept is the
// strategy's own business. A strategy is one file, and one line in strategies.cpp.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace drover::simulate {

struct strategy_settings {
  std::string redis_url;
  /// Asks the origin for one key: blocks as long as the query runs. Any thread, several at once.
  std::function<std::string(std::string_view key)> ask;
  /// How long a value is to be had from the cache, counted from when it is stored.
  std::chrono::milliseconds ttl{};
  /// How long the query takes, for strategies that count the ttl from the load's start.
  std::chrono::milliseconds load{};
};

/// Begins with its construction and ends with its destruction, once in each process.
///
/// Throws:  what the strategy's own code would throw at its user: a failed exchange with Redis,
/// say. Threads: any, but for the destructor.
class strategy {
 public:
  strategy() = default;
  virtual ~strategy() = default;
  strategy(const strategy&) = delete;
  strategy& operator=(const strategy&) = delete;

  /// The value for `key`. Blocks as long as the strategy makes its caller wait.
  [[nodiscard]] virtual std::string get(std::string_view key) = 0;
  /// Would `get` be answered from the cache now? Never asks the origin.
  [[nodiscard]] virtual bool is_cached(std::string_view key) = 0;
};

struct strategy_kind {
  std::string_view name;      ///< on the command line and in JSON
  std::string_view title;     ///< in tables
  std::string_view weakness;  ///< why it sends more than one query, when it does: half a sentence
  std::unique_ptr<strategy> (*begin)(strategy_settings with);
};

/// All there are, in the order in which they are shown.
[[nodiscard]] std::span<const strategy_kind> strategies();
/// nullptr when there is none of that name.
[[nodiscard]] const strategy_kind* find_strategy(std::string_view name);

}  // namespace drover::simulate
