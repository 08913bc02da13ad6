// SPDX-License-Identifier: MIT
// The data of the page's charts, as JSON for its script. It is bounded for runs of any length and
// for key names of any kind. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

inline constexpr std::size_t timeline_operations_max = 20'000;
inline constexpr std::size_t drawn_bars_max = 20'000;  ///< of loads and of cold events each
inline constexpr std::size_t drawn_seconds_max = 400;  ///< bars of the chart of loads
inline constexpr std::size_t page_findings_max = 200;  ///< further findings are only counted

[[nodiscard]] std::string page_series(const audit_result& result);

}  // namespace drover::audit
