// SPDX-License-Identifier: MIT
// Randomness for the shell. Threads: any.
#pragma once

#include <cstdint>

#include "entry/token.hpp"

namespace drover::detail {

/// A draw from (0, 1] by this thread's own generator.
[[nodiscard]] double draw();
/// 128 bits from the operating system.
[[nodiscard]] entry::token random_token();
[[nodiscard]] std::uint64_t random_seed();

}  // namespace drover::detail
