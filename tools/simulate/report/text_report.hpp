// SPDX-License-Identifier: MIT
// A simulation on a terminal: a table read in ten seconds, and a sentence per strategy. Pure.
#pragma once

#include <string>

#include "simulate/measure/simulation.hpp"
#include "text/terminal.hpp"

namespace drover::simulate {

/// What is played, where, and what to look for. Needs no rounds: it can be shown before them.
[[nodiscard]] std::string text_heading(const simulation& of, const text::terminal& on);

/// One round: its table and the verdicts.
[[nodiscard]] std::string text_round(const round_result& of, const text::terminal& on);

/// Whether what was expected is met, and the command that repeats it all.
[[nodiscard]] std::string text_conclusion(const simulation& of, const text::terminal& on);

/// All of them.
[[nodiscard]] std::string text_report(const simulation& of, const text::terminal& on);

}  // namespace drover::simulate
