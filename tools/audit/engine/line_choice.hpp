// SPDX-License-Identifier: MIT
// The lines of a long timeline that are shown. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "audit/engine/audit_result.hpp"

namespace drover::audit {

/// What a line says about the case. A heavier line is shown first.
enum class line_weight : std::uint8_t { other, changed_key, decisive };

[[nodiscard]] line_weight weight_of(const moment_line& line);

/// The places of at most `most` lines, ascending: the first and the last line, then decisive lines,
/// then lines that changed a key, because such a line decides what happened, then lines from both
/// ends. If too many lines have one weight, those in the middle are left out. `most` must be at
/// least 2.
[[nodiscard]] std::vector<std::size_t> chosen_lines(const std::vector<line_weight>& weights,
                                                    std::size_t most);

/// One of the chosen lines of a timeline.
struct shown_line {
  std::size_t place = 0;
  std::uint64_t left_out = 0;  ///< the commands that are left out before it
};

/// At most `most` lines of a timeline. Its lines that stand for others are counted, and not shown.
[[nodiscard]] std::vector<shown_line> shown_lines(const std::vector<moment_line>& timeline,
                                                  std::size_t most);

}  // namespace drover::audit
