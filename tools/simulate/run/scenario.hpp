// SPDX-License-Identifier: MIT
// The situations that strategies are put into. A scenario is a few calls of the herd's verbs, and
// its defaults.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "simulate/herd/herd.hpp"
#include "simulate/herd/run_plan.hpp"
#include "simulate/measure/key_figure.hpp"
#include "simulate/measure/measurement.hpp"

namespace drover::simulate {

struct scenario_defaults {
  std::uint32_t callers = 50;  ///< of each process
  std::string_view loads = "50,2000";
  std::chrono::milliseconds ttl{300'000};
  std::uint32_t events = 1;
  std::string_view strategies = "cache-aside,retry-lock,drover-strict,drover";
};

struct scenario {
  std::string_view name;      ///< on the command line and in JSON
  std::string_view title;     ///< a heading
  std::string_view story;     ///< what happens, in a sentence or two
  std::string_view look_for;  ///< the number to look at, in a line
  scenario_defaults usual;
  event_rule events = event_rule::run;
  /// The conditions that Drover must meet when there is no --expect, in the form of --expect.
  std::string_view promise;
  /// The number that the scenario is about: reports show it first and colour by it.
  figure_rule headline{};
  /// Whether one query for each cold event is enough.
  bool is_one_enough = true;
  /// Whether --events applies. Otherwise the scenario has a fixed length.
  bool counts_events = true;
  /// It kills or flushes the server, so it needs a private one.
  bool breaks_redis = false;
  /// Completes the plan of a run. `events`: the number of cold events, from --events. Where callers
  /// call once, the whole run is repeated for each event.
  void (*prepare)(run_plan& plan, std::uint32_t events);
  /// Returns before the run ends: `herd::finish` waits for the end.
  void (*play)(herd& on);
};

/// All scenarios, in the order of the list. The first is the default.
[[nodiscard]] std::span<const scenario> scenarios();
/// nullptr when there is no scenario of that name.
[[nodiscard]] const scenario* find_scenario(std::string_view name);

}  // namespace drover::simulate
