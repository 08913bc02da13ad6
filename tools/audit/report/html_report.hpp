// SPDX-License-Identifier: MIT
// An audit as one page that needs nothing but itself: no network, no other file. Pure.
//
// What was found, its evidence line by line and what to do are there without a script; the swim
// lanes and the chart are drawn from series that are bounded. Everything from outside is escaped,
// and the page's policy lets no script run but its own two.
#pragma once

#include <cstddef>
#include <string>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

inline constexpr std::size_t page_timeline_max = 60;  ///< lines of one piece of evidence

[[nodiscard]] std::string html_report(const audit_result& of);

}  // namespace drover::audit
