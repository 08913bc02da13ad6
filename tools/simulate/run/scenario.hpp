// SPDX-License-Identifier: MIT
// The situations in which strategies are compared. A scenario is a function that calls a few steps
// of `herd`, and default values for the options.
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
  std::uint32_t callers = 50;  ///< in each process
  std::string_view loads = "50,2000";
  std::chrono::milliseconds ttl{300'000};
  std::uint32_t events = 1;
  std::string_view strategies = "cache-aside,retry-lock,drover-strict,drover";
};

struct scenario {
  std::string_view name;      ///< on the command line and in JSON
  std::string_view title;     ///< a heading
  std::string_view story;     ///< one or two sentences about the course of events
  std::string_view look_for;  ///< one line about the number to look at
  scenario_defaults usual;
  event_rule events = event_rule::run;
  /// The conditions that Drover must meet if --expect is absent, in the form of --expect.
  std::string_view promise;
  /// The key figure. Reports show it first, and it decides the colours.
  figure_rule headline{};
  /// See `strategy_result::is_one_enough`.
  bool is_one_enough = true;
  /// Whether --events applies. Otherwise the scenario has a fixed length.
  bool counts_events = true;
  /// Whether the scenario kills or flushes the server, and so needs a private one.
  bool breaks_redis = false;
  /// Completes the plan of a run. `events` is the number of cold events from --events. It does not
  /// matter under `arrival::once`, where the whole run is repeated for each event.
  void (*prepare)(run_plan& plan, std::uint32_t events);
  /// Runs the steps of the scenario. It returns before the run ends: `herd::finish` waits for the
  /// end.
  void (*play)(herd& run);
};

/// All scenarios, in the order of the list. The first is the default.
[[nodiscard]] std::span<const scenario> scenarios();
/// Returns nullptr if there is no scenario of that name.
[[nodiscard]] const scenario* find_scenario(std::string_view name);

}  // namespace drover::simulate
