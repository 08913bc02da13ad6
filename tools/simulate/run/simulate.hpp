// SPDX-License-Identifier: MIT
// `drover simulate`: runs a scenario with each strategy in turn.
#pragma once

#include "simulate/run/simulate_options.hpp"

namespace drover::simulate {

/// Runs the scenario and writes the reports. Progress goes to standard error. Returns the exit
/// code. Everything that it starts is stopped and removed before it returns or throws.
///
/// Throws:  `text::usage_error` before any run, std::runtime_error, `interrupted`.
/// Threads: the main thread of a process that has no other threads.
[[nodiscard]] int run_simulate(const simulate_options& options);

/// The text of --list: scenarios, strategies and origins.
[[nodiscard]] std::string list_of_all();

}  // namespace drover::simulate
