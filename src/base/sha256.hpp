// SPDX-License-Identifier: MIT
// SHA-256 (FIPS 180-4). The library has its own implementation, because this one has no state
// outside the call: a static cache may name keys at exit, after a cryptographic library has cleaned
// up.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace drover::base {

inline constexpr std::size_t sha256_size = 32;

/// Threads: safe from any thread, at any time.
[[nodiscard]] std::array<char, sha256_size> sha256_of(std::string_view bytes) noexcept;

}  // namespace drover::base
