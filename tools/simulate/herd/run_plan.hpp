// SPDX-License-Identifier: MIT
// The plan of one run, which every process of the herd gets on its command line.
//
// Pure. Threads: values.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace drover::simulate {

/// When callers call.
enum class arrival : std::uint8_t {
  once,  ///< each caller calls once, all at the same instant
  loop,  ///< each caller calls, pauses, and calls again, for `duration`
  open,  ///< `rate` calls a second for `duration`, even if earlier calls have not returned
};

struct run_plan {
  std::string strategy{};          ///< its name
  std::string strategy_command{};  ///< the command of a client program, or empty
  std::string redis_url{};
  std::string origin{};  ///< `origin_owner::address`
  std::string prefix{};  ///< of every key's name
  std::uint32_t keys = 1;
  bool has_rows = true;  ///< false: no key has a row
  std::uint32_t processes = 4;
  std::uint32_t callers = 50;  ///< in each process
  arrival arrivals = arrival::once;
  /// `loop`: mean pause between two calls of a caller, exponentially distributed.
  std::chrono::milliseconds think{};
  double rate = 0.0;                     ///< `open`: calls a second, of all processes together
  std::chrono::milliseconds duration{};  ///< `loop`, `open`: from the release
  std::chrono::milliseconds ttl{};
  std::chrono::milliseconds fill_ttl{};  ///< ttl of the first fill; 0: `ttl`
  /// `loop`: mean pause between two changes of a row, exponentially distributed; 0: no changes.
  std::chrono::milliseconds change_every{};
  std::string load = "50";     ///< see `load_time::parse`
  std::uint32_t capacity = 0;  ///< queries that the origin runs at once; 0: any number
  std::uint64_t seed = 1;

  friend bool operator==(const run_plan&, const run_plan&) = default;
};

/// The name of key `number` of the run. The origin's rows have the same names.
[[nodiscard]] std::string key_name(const run_plan& plan, std::uint32_t number);
/// The number of the key called `name`, or `keys` if the run has no such key.
[[nodiscard]] std::uint32_t key_number(const run_plan& plan, std::string_view name);

/// "--name=value" for every field.
[[nodiscard]] std::vector<std::string> to_arguments(const run_plan& plan);
/// The inverse of `to_arguments`. Throws std::invalid_argument, which names the invalid argument.
[[nodiscard]] run_plan from_arguments(std::span<const std::string> arguments);

}  // namespace drover::simulate
