// SPDX-License-Identifier: MIT
// What the demo found, as text for people and as JSON for programs. Pure.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "simulate/demo_options.hpp"
#include "simulate/measurement.hpp"
#include "simulate/strategy.hpp"

namespace drover::simulate {

struct strategy_run {
  const strategy_kind* kind = nullptr;
  measurement found;
};

/// All strategies under one load.
struct load_runs {
  std::chrono::milliseconds load{};
  std::vector<strategy_run> runs;
};

/// Drover loaded once in each run.
[[nodiscard]] bool is_met(const std::vector<load_runs>& all);

/// The headline, before anything has run.
[[nodiscard]] std::string headline(const demo_options& asked, const cli::terminal& on);
/// The table for one load, and a sentence for each strategy.
[[nodiscard]] std::string text_report(const load_runs& of, const cli::terminal& on);
/// The last line.
[[nodiscard]] std::string conclusion(const std::vector<load_runs>& all, const cli::terminal& on);

/// Version 1 of the schema; times in milliseconds.
[[nodiscard]] std::string json_report(const demo_options& asked, const std::vector<load_runs>& all);

}  // namespace drover::simulate
