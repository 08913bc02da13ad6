// SPDX-License-Identifier: MIT
// What a page draws, as JSON for its script: bounded, however long a run was and whatever names its
// keys have. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

inline constexpr std::size_t drawn_operations_max = 20'000;
inline constexpr std::size_t drawn_bars_max = 20'000;  ///< loads, and cold events
inline constexpr std::size_t drawn_seconds_max = 400;  ///< bars of the chart of loads
inline constexpr std::size_t page_findings_max = 200;  ///< the others are counted

[[nodiscard]] std::string page_series(const audit_result& of);

}  // namespace drover::audit
