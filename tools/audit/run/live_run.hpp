// SPDX-License-Identifier: MIT
// Live traffic judged: a server, the proxy in front of it, and a command behind the proxy or
// whoever connects. All that is started is stopped when this returns, however it does.
#pragma once

#include <optional>

#include "audit/run/audit_options.hpp"

namespace drover::audit {

struct live_outcome {
  audit_result result;
  std::optional<int> command_code{};  ///< of COMMAND, as a shell would say it; nullopt: none ran
  bool is_whole = true;  ///< nothing broke on the way: the server stayed, all was recorded
};

/// Throws text::usage_error when something cannot be meant or had, before the command is started;
/// std::runtime_error when it cannot begin. What breaks later is said, and ends the audit with what
/// it has seen.
[[nodiscard]] live_outcome run_live(const audit_options& asked);

}  // namespace drover::audit
