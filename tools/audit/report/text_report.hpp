// SPDX-License-Identifier: MIT
// An audit on a terminal, read in ten seconds: the verdict, what was found with its first evidence,
// what each rule had to go by, and what to do now. Pure.
//
// Whatever names keys and clients have, nothing in it reaches the terminal as a command.
#pragma once

#include <cstddef>
#include <string>

#include "audit/engine/audit_result.hpp"
#include "text/terminal.hpp"

namespace drover::audit {

/// Lines of a timeline that are shown; what is between its beginning and its end gives way.
inline constexpr std::size_t text_timeline_max = 12;

[[nodiscard]] std::string text_report(const audit_result& of, const text::terminal& on);

}  // namespace drover::audit
