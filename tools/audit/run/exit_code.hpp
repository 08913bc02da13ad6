// SPDX-License-Identifier: MIT
// What an audit says by its exit code. Pure.
#pragma once

#include <optional>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

inline constexpr int exit_clean = 0;
inline constexpr int exit_findings = 1;
inline constexpr int exit_tool_error = 2;  ///< of usage, or the tool could not do its work
inline constexpr int exit_inconclusive = 3;

/// The command's own code if it is not 0 and counts, else what the verdict says.
/// `command_code`: of the audited command, nullopt if there was none or it does not count.
[[nodiscard]] constexpr int exit_code_of(verdict is, std::optional<int> command_code) noexcept {
  if (command_code.value_or(0) != 0) return *command_code;
  switch (is) {
    case verdict::fail: return exit_findings;
    case verdict::inconclusive: return exit_inconclusive;
    case verdict::pass: break;
  }
  return exit_clean;
}

}  // namespace drover::audit
