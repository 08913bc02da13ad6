// SPDX-License-Identifier: MIT
// An audit of live traffic: a server, the proxy in front of it, and the audited command or any
// client that connects. Everything that was started is stopped on return and on exceptions.
#pragma once

#include <optional>

#include "audit/run/audit_options.hpp"
#include "audit/run/window_reports.hpp"

namespace drover::audit {

struct live_outcome {
  audit_result result;
  /// The exit code of COMMAND as a shell reports it. nullopt: no command ran to its end.
  std::optional<int> command_code{};
  /// The server did not end early, and the recording is complete.
  bool is_complete = true;
};

/// Throws text::usage_error for invalid options and std::runtime_error for other errors, both
/// before the command is started. Later errors are printed and end the audit, which then reports on
/// the traffic so far.
/// `windows` gets the results of all windows but the last. nullptr: there is only one.
[[nodiscard]] live_outcome run_live(const audit_options& options,
                                    window_reports* windows = nullptr);

}  // namespace drover::audit
