// SPDX-License-Identifier: MIT
// Random numbers for the layers that are not pure. Threads: any.
#pragma once

#include <cstdint>

#include "entry/token.hpp"

namespace drover::detail {

/// A random number in (0, 1] from a generator of this thread.
[[nodiscard]] double draw();
/// A token of 128 random bits from the operating system.
[[nodiscard]] entry::token random_token();
[[nodiscard]] std::uint64_t random_seed();

}  // namespace drover::detail
