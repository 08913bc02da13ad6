// SPDX-License-Identifier: MIT
// An audit as one self-contained HTML page, which loads nothing from the network or from other
// files. Pure.
//
// The findings, their evidence and the advice need no script. The swim lanes and the chart are
// drawn from bounded series. All text from outside is escaped, and the content security policy of
// the page allows only its own two scripts.
#pragma once

#include <cstddef>
#include <string>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

/// Lines of the timeline of one piece of evidence.
inline constexpr std::size_t page_timeline_max = 100;

[[nodiscard]] std::string html_report(const audit_result& result);

}  // namespace drover::audit
