// SPDX-License-Identifier: MIT
// Live traffic judged: a server, the proxy in front of it, and a command behind the proxy or
// whoever connects. All that is started is stopped when this returns, however it does.
#pragma once

#include <optional>

#include "audit/audit_options.hpp"

namespace drover::audit {

struct live_outcome {
  audit_result result;
  std::optional<int> command_code;  ///< of COMMAND, as a shell would say it; nullopt: none ran
};

/// Throws cli::usage_error when something cannot be meant or had, before the command is started;
/// std::runtime_error when something breaks later.
[[nodiscard]] live_outcome run_live(const audit_options& asked);

}  // namespace drover::audit
