// SPDX-License-Identifier: MIT
// SHA-256 (FIPS 180-4). Our own, because it has no state outside the call: a cache that ends with
// the program names keys after a library of cryptography has already cleaned up.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace drover::base {

inline constexpr std::size_t sha256_size = 32;

/// Threads: safe from any thread, at any time.
[[nodiscard]] std::array<char, sha256_size> sha256_of(std::string_view bytes) noexcept;

}  // namespace drover::base
