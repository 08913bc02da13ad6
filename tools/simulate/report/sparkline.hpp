// SPDX-License-Identifier: MIT
// Draws numbers as a line of small bars. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace drover::simulate {

/// One character for each number: a blank for 0, a bar of at least the lowest height for a number
/// above 0, and the highest bar for `full` or more.
[[nodiscard]] std::string sparkline(std::span<const std::uint32_t> numbers, std::uint32_t full,
                                    bool is_unicode);

}  // namespace drover::simulate
