// SPDX-License-Identifier: MIT
// An audit on a terminal: the verdict, the findings with their first evidence, the coverage of each
// rule, and the next step. Pure.
//
// Names of keys and clients are escaped, so they cannot control the terminal.
#pragma once

#include <cstddef>
#include <string>

#include "audit/engine/audit_result.hpp"
#include "text/terminal.hpp"

namespace drover::audit {

/// The number of lines of a timeline that are shown (see `chosen_lines`).
inline constexpr std::size_t text_timeline_max = 12;

/// The first lines of the report: the verdict, the number of findings, and the reason.
[[nodiscard]] std::string verdict_lines(const audit_result& result, const text::terminal& terminal);

[[nodiscard]] std::string text_report(const audit_result& result, const text::terminal& terminal);

}  // namespace drover::audit
