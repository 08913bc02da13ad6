// SPDX-License-Identifier: MIT
// The situations that strategies are put into. A scenario is a few lines of a story, told in the
// herd's verbs, and what it takes for granted when nobody asks for something else.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "simulate/herd/herd.hpp"
#include "simulate/herd/run_plan.hpp"
#include "simulate/measure/measurement.hpp"

namespace drover::simulate {

struct scenario_defaults {
  std::uint32_t callers = 50;  ///< of each process
  std::string_view loads = "50,2000";
  std::chrono::milliseconds ttl{300'000};
  std::uint32_t events = 1;
  std::string_view strategies = "cache-aside,lock,drover-strict,drover";
};

struct scenario {
  std::string_view name;      ///< on the command line and in JSON
  std::string_view title;     ///< a heading
  std::string_view story;     ///< what happens, in a sentence or two
  std::string_view look_for;  ///< what to look for, in a line
  scenario_defaults usual;
  event_rule events = event_rule::run;
  /// What Drover is held to when nothing is expected by --expect; as --expect takes it.
  std::string_view promise;
  /// Whether one query for each cold event would do.
  bool is_one_enough = true;
  /// Whether it can be told how often the key goes cold; else its story takes the time it takes.
  bool counts_events = true;
  /// It kills or flushes the server, so it needs one of its own.
  bool breaks_redis = false;
  /// What a run takes besides what the options say. `events` is how many cold events are asked for,
  /// if they can be; where callers call once, the whole run is repeated for each.
  void (*prepare)(run_plan& plan, std::uint32_t events);
  /// Leaves the rest to `herd::finish`.
  void (*play)(herd& on);
};

/// All there are, in the order in which they are listed; the first is the default.
[[nodiscard]] std::span<const scenario> scenarios();
/// nullptr when there is none of that name.
[[nodiscard]] const scenario* find_scenario(std::string_view name);

}  // namespace drover::simulate
