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

/// The number of lines of a timeline that are shown. Further lines in the middle are left out.
inline constexpr std::size_t text_timeline_max = 12;

[[nodiscard]] std::string text_report(const audit_result& result, const text::terminal& terminal);

}  // namespace drover::audit
