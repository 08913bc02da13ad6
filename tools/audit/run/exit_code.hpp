// SPDX-License-Identifier: MIT
// The exit codes of an audit. Pure.
#pragma once

#include <optional>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

inline constexpr int exit_clean = 0;
inline constexpr int exit_findings = 1;
/// Invalid usage, or the audit itself failed.
inline constexpr int exit_tool_error = 2;
inline constexpr int exit_inconclusive = 3;

/// The exit code of the audited command if it is not 0, otherwise the code of the verdict.
/// `command_code`: nullopt if there was no command, or if its code does not count.
[[nodiscard]] constexpr int exit_code_of(verdict outcome,
                                         std::optional<int> command_code) noexcept {
  if (command_code.value_or(0) != 0) return *command_code;
  switch (outcome) {
    case verdict::fail: return exit_findings;
    case verdict::inconclusive: return exit_inconclusive;
    case verdict::no_cache:
    case verdict::pass: break;
  }
  return exit_clean;
}

}  // namespace drover::audit
