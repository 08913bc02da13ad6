// SPDX-License-Identifier: MIT
// Numbers as a line of little bars. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace drover::simulate {

/// One character each: blank for 0, the lowest bar for anything above, the highest for `full` and
/// more.
[[nodiscard]] std::string sparkline(std::span<const std::uint32_t> numbers, std::uint32_t full,
                                    bool is_unicode);

}  // namespace drover::simulate
