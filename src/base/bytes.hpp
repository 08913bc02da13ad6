// SPDX-License-Identifier: MIT
// Big-endian integers in byte strings. All byte strings are std::string and std::string_view: keys,
// payloads and data on the wire.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/assert.hpp"

namespace drover::base {

/// Reads `sizeof(Unsigned)` bytes at `offset`, most significant first. Precondition: `bytes` is
/// long enough.
template <class Unsigned>
[[nodiscard]] Unsigned load_big_endian(std::string_view bytes, std::size_t offset) noexcept {
  DROVER_ASSERT(offset + sizeof(Unsigned) <= bytes.size());
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) {
    value = static_cast<Unsigned>((static_cast<std::uint64_t>(value) << 8U) |
                                  static_cast<unsigned char>(bytes[offset + i]));
  }
  return value;
}

/// Writes `value` over `sizeof(Unsigned)` bytes at `offset`, most significant first.
template <class Unsigned>
void store_big_endian(std::string& bytes, std::size_t offset, Unsigned value) noexcept {
  DROVER_ASSERT(offset + sizeof(Unsigned) <= bytes.size());
  for (std::size_t i = sizeof(Unsigned); i-- > 0;) {
    bytes[offset + i] = static_cast<char>(static_cast<unsigned char>(value & 0xFFU));
    value = static_cast<Unsigned>(static_cast<std::uint64_t>(value) >> 8U);
  }
}

}  // namespace drover::base
