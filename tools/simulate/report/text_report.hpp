// SPDX-License-Identifier: MIT
// The text report of a simulation for a terminal: a short table for each round, and a sentence for
// each strategy. Pure.
#pragma once

#include <string>

#include "simulate/measure/simulation.hpp"
#include "text/terminal.hpp"

namespace drover::simulate {

/// The scenario, the servers, and what to look for. It needs no rounds, so that it can be printed
/// before they run.
[[nodiscard]] std::string text_heading(const simulation& results, const text::terminal& output);

/// The table and the verdicts of one round.
[[nodiscard]] std::string text_round(const round_result& round, const text::terminal& output);

/// Whether the conditions are met, and the command that repeats the simulation.
[[nodiscard]] std::string text_conclusion(const simulation& results, const text::terminal& output);

/// The heading, all rounds, and the conclusion.
[[nodiscard]] std::string text_report(const simulation& results, const text::terminal& output);

}  // namespace drover::simulate
