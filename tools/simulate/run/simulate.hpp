// SPDX-License-Identifier: MIT
// `drover simulate`: a scenario, played by each strategy in turn.
#pragma once

#include "simulate/run/simulate_options.hpp"

namespace drover::simulate {

/// Plays it, and writes the report; progress goes to standard error. Answers the exit code. All
/// that it starts is stopped and removed before it returns or throws.
///
/// Throws:  `text::usage_error` before anything is started, std::runtime_error, `interrupted`.
/// Threads: the main thread of a process that has no other.
[[nodiscard]] int run_simulate(const simulate_options& asked);

/// --list: scenarios, strategies and origins, for people.
[[nodiscard]] std::string list_of_all();

}  // namespace drover::simulate
