// SPDX-License-Identifier: MIT
// One way to read through a cache. The tool calls only the functions of `strategy`. Each strategy
// consists of one file and one entry in strategies.cpp.
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
  /// Queries the origin for one key. Blocks while the query runs. Returns nullopt if there is no
  /// such row, and throws std::runtime_error if the query fails. May be called from any thread, and
  /// from several at once.
  std::function<std::optional<std::string>(std::string_view key)> ask;
  /// How long the cache serves a value, counted from its store.
  std::chrono::milliseconds ttl{};
  /// The mean duration of the query, for strategies that count the ttl from the start of the load.
  std::chrono::milliseconds load{};
  /// The seed for strategies that use random numbers. It differs between processes.
  std::uint64_t seed = 0;
};

/// Each process has one object. The constructor does not wait. The keys that the tool passes
/// contain the run's prefix, have no white space, and are at most 200 bytes long. The name of every
/// Redis key that a strategy stores must contain the key that it was stored for, so that the tool
/// can find and remove it. (The exception is the key that Drover uses to test pushes, which expires
/// within a second.)
///
/// Throws:  the exceptions that the strategy throws to its user, such as the origin's error. Most
///          strategies handle an absent Redis themselves in `get`.
/// Threads: any, except for the destructor.
class strategy {
 public:
  strategy() = default;
  virtual ~strategy() = default;
  strategy(const strategy&) = delete;
  strategy& operator=(const strategy&) = delete;

  /// Returns the value for `key`, or nullopt if there is no such row. Blocks for as long as the
  /// strategy makes its caller wait.
  [[nodiscard]] virtual std::optional<std::string> get(std::string_view key) = 0;
  /// The tool calls this after it has committed a change of the row. Throws std::runtime_error if
  /// Redis does not acknowledge the invalidation.
  virtual void invalidate(std::string_view key) = 0;
  /// Whether the cache has a value or an absent row within its ttl. Never queries the origin.
  /// Returns false while Redis is away.
  [[nodiscard]] virtual bool is_cached(std::string_view key) = 0;
};

struct strategy_kind {
  std::string_view name;      ///< on the command line and in JSON
  std::string_view title;     ///< in tables
  std::string_view summary;   ///< one line in --list
  std::string_view weakness;  ///< half a sentence: why the strategy sends more than one query
  std::function<std::unique_ptr<strategy>(strategy_settings settings)> begin;
};

/// All built-in strategies, in the order of --list. For client programs of the user, see
/// command_strategy.hpp.
[[nodiscard]] std::span<const strategy_kind> strategies();
/// Finds a strategy by its name or a former name. Returns nullptr if there is no such strategy.
[[nodiscard]] const strategy_kind* find_strategy(std::string_view name);

}  // namespace drover::simulate
