// SPDX-License-Identifier: MIT
// The plan of one run for the processes of the herd, and its form as arguments of their command
// line.
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
  once,  ///< each caller calls once, all at one instant
  loop,  ///< each caller calls, pauses, and calls again, for `duration`
  open,  ///< `rate` calls a second for `duration`, even if earlier calls are not back
};

struct run_plan {
  std::string strategy{};          ///< the name
  std::string strategy_command{};  ///< of a client program, or empty
  std::string redis_url{};
  std::string origin{};  ///< `origin_owner::address`
  std::string prefix{};  ///< of every key
  std::uint32_t keys = 1;
  bool has_rows = true;  ///< otherwise the rows of all keys are absent
  std::uint32_t processes = 4;
  std::uint32_t callers = 50;  ///< of each process
  arrival comes = arrival::once;
  std::chrono::milliseconds think{};     ///< `loop`: mean, exponentially distributed
  double rate = 0.0;                     ///< `open`: of all processes together
  std::chrono::milliseconds duration{};  ///< `loop`, `open`: from the release
  std::chrono::milliseconds ttl{};
  std::chrono::milliseconds fill_ttl{};  ///< of the first fill; 0: `ttl`
  /// 0: no changes
  std::chrono::milliseconds change_every{};  ///< `loop`: mean pause, exponentially distributed
  std::string load = "50";                   ///< see `load_time::parse`
  std::uint32_t capacity = 0;  ///< queries that the origin runs at once; 0: any number
  std::uint64_t seed = 1;

  friend bool operator==(const run_plan&, const run_plan&) = default;
};

/// The name of the run's key number `number`; the origin has rows under the same names.
[[nodiscard]] std::string key_name(const run_plan& of, std::uint32_t number);
/// The number in such a name; `keys` when it is none of them.
[[nodiscard]] std::uint32_t key_number(const run_plan& of, std::string_view name);

/// "--name=value" for every field.
[[nodiscard]] std::vector<std::string> to_arguments(const run_plan& plan);
/// The reverse. Throws std::invalid_argument, which names an invalid argument.
[[nodiscard]] run_plan from_arguments(std::span<const std::string> arguments);

}  // namespace drover::simulate
