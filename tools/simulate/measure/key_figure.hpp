// SPDX-License-Identifier: MIT
// The number that a scenario is about, and up to where that number is good. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "simulate/measure/measurement.hpp"

namespace drover::simulate {

enum class figure : std::uint8_t {
  queries_per_event,  ///< of the cold event that cost the most
  queries_total,
  queries_at_once,
  failed_calls,
  stale_reads,
  late_calls,  ///< took longer than the ttl, or were refused or lost
};

/// What `good_max` of a rule is a multiple of.
enum class figure_unit : std::uint8_t {
  one,
  process,      ///< of the herd
  even_spread,  ///< the queries at once if the loads of all keys were spread evenly over the ttl
};

/// What a scenario is judged by.
struct figure_rule {
  figure kind = figure::queries_per_event;
  std::uint64_t good_max = 1;
  figure_unit unit = figure_unit::one;
};

/// What a strategy reached.
struct key_figure {
  figure kind = figure::queries_per_event;
  std::uint64_t number = 0;
  /// Within the rule. False as well when no call was answered: a low number is then no merit.
  bool is_good = true;
};

/// What a rule refers to.
struct figure_scale {
  std::uint32_t processes = 1;
  std::chrono::nanoseconds ttl{};
  std::chrono::nanoseconds load{};  ///< mean
  std::uint32_t keys = 1;
};

[[nodiscard]] key_figure key_figure_of(const measurement& measured, const figure_rule& rule,
                                       const figure_scale& scale);

/// What is counted, for the head of a column or below a number: "stale reads", "1 query".
[[nodiscard]] std::string_view unit_of(const key_figure& figure);

}  // namespace drover::simulate
