// SPDX-License-Identifier: MIT
// The key figure of a scenario, and the highest value of it that is good. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "simulate/measure/measurement.hpp"

namespace drover::simulate {

enum class figure : std::uint8_t {
  queries_per_event,  ///< of the cold event with the most queries
  queries_total,
  queries_at_once,
  failed_calls,
  stale_reads,
  late_calls,  ///< calls that took longer than the ttl, were refused or were lost
};

/// The unit of `figure_rule::good_max`.
enum class figure_unit : std::uint8_t {
  one,
  process,      ///< the number of processes of the herd
  even_spread,  ///< the queries at once if the loads of all keys were spread evenly over the ttl
};

/// The figure that judges a scenario, and its highest good value.
struct figure_rule {
  figure kind = figure::queries_per_event;
  std::uint64_t good_max = 1;
  figure_unit unit = figure_unit::one;
};

/// The figure of one strategy, and its verdict.
struct key_figure {
  figure kind = figure::queries_per_event;
  std::uint64_t number = 0;
  /// Whether the number is within the rule. Also false when no call was answered, because a low
  /// number then means nothing.
  bool is_good = true;
};

/// The parameters of the simulation that the units of a rule depend on.
struct figure_scale {
  std::uint32_t processes = 1;
  std::chrono::nanoseconds ttl{};
  std::chrono::nanoseconds load{};  ///< mean
  std::uint32_t keys = 1;
};

[[nodiscard]] key_figure key_figure_of(const measurement& measured, const figure_rule& rule,
                                       const figure_scale& scale);

/// The noun for the number, for a column heading or below the number: "stale reads", "query".
[[nodiscard]] std::string_view unit_of(const key_figure& figure);

}  // namespace drover::simulate
