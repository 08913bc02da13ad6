// SPDX-License-Identifier: MIT
// Waits until the audited command ends, the time is over, or a signal arrives.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "process/foreground_process.hpp"
#include "process/signal_watch.hpp"

namespace drover::audit {

struct wait_conditions {
  const process::signal_watch& signals;
  std::optional<std::chrono::milliseconds> at_most;
  /// Called about ten times a second.
  std::function<void()> tick;
};

/// Runs the command and returns its exit code as a shell reports it. Signals are forwarded to the
/// command, unless the terminal sent them to both processes. nullopt: the time was over, and the
/// command was stopped. Throws text::usage_error if there is no such program.
[[nodiscard]] std::optional<int> run_until_end(const process::foreground_process::plan& command,
                                               const wait_conditions& conditions);

/// Returns when the time is over or a signal arrives.
void wait_without_command(const wait_conditions& conditions);

}  // namespace drover::audit
