// SPDX-License-Identifier: MIT
// One way to read through a cache. The tool asks a few questions; how the cache is kept is the
// strategy's own business. A strategy is one file, and one line in strategies.cpp.
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
  /// Asks the origin for one key: blocks as long as the query runs; nullopt when there is no such
  /// row; throws std::runtime_error when the query fails. Any thread, several at once.
  std::function<std::optional<std::string>(std::string_view key)> ask;
  /// How long a value is to be had from the cache, counted from when it is stored.
  std::chrono::milliseconds ttl{};
  /// How long the query takes at least, for strategies that count the ttl from the load's start.
  std::chrono::milliseconds load{};
  /// For strategies that draw random numbers. Another one in each process, or they draw alike.
  std::uint64_t seed = 0;
};

/// Begins with its construction and ends with its destruction, once in each process; its
/// construction waits for nothing. All keys that it is given contain the run's prefix, have no
/// white space and at most 200 bytes, and every key that it keeps in Redis contains, as it is, the
/// key that it belongs to: so they can be found and removed. (Drover's own key for trying whether
/// pushes arrive belongs to no key, and ends by itself within a second.)
///
/// Throws:  what the strategy's own code would throw at its user: the origin's error, say. That
///          Redis is away is most strategies' own business in `get`.
/// Threads: any, but for the destructor.
class strategy {
 public:
  strategy() = default;
  virtual ~strategy() = default;
  strategy(const strategy&) = delete;
  strategy& operator=(const strategy&) = delete;

  /// The value for `key`; nullopt when there is no such row. Blocks as long as the strategy makes
  /// its caller wait.
  [[nodiscard]] virtual std::optional<std::string> get(std::string_view key) = 0;
  /// What the strategy has its user call after a change of the row is committed. Throws
  /// std::runtime_error when Redis did not acknowledge it.
  virtual void invalidate(std::string_view key) = 0;
  /// Would `get` be answered from the cache now, with an answer that its ttl still covers? Never
  /// asks the origin. False while Redis is away.
  [[nodiscard]] virtual bool is_cached(std::string_view key) = 0;
};

struct strategy_kind {
  std::string_view name;      ///< on the command line and in JSON
  std::string_view title;     ///< in tables
  std::string_view summary;   ///< in --list: what it does, in one line
  std::string_view weakness;  ///< why it sends more than one query, when it does: half a sentence
  std::function<std::unique_ptr<strategy>(strategy_settings with)> begin;
};

/// All there are, in the order in which they are shown. A program of the user's is none of them:
/// command_strategy.hpp makes one of it.
[[nodiscard]] std::span<const strategy_kind> strategies();
/// By its name, or by a former name. nullptr when there is no such strategy.
[[nodiscard]] const strategy_kind* find_strategy(std::string_view name);

}  // namespace drover::simulate
