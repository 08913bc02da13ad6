// SPDX-License-Identifier: MIT
// Waits for the end of an audit: of the audited command, of the time, or by a signal.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "process/foreground_process.hpp"
#include "process/signal_watch.hpp"

namespace drover::audit {

struct waiting {
  const process::signal_watch& signals;
  std::optional<std::chrono::milliseconds> at_most;
  std::function<void()> tick;  ///< now and then, in between
};

/// Runs the command to its end and answers its code as a shell would say it. It gets all signals
/// that we get, unless the terminal sent them to both. nullopt: its time was over, and it was told
/// to stop. Throws text::usage_error when there is no such program.
[[nodiscard]] std::optional<int> run_to_its_end(const process::foreground_process::plan& command,
                                                const waiting& how);

/// Returns when the time is over or somebody wants us to stop.
void wait_without_command(const waiting& how);

}  // namespace drover::audit
