// SPDX-License-Identifier: MIT
// The hash slot of a key in a cluster: CRC16 (XMODEM) of the key, modulo 16384. If the key has a
// hash tag, a text in braces that is not empty, only the first tag counts. Pure.
//
// Specification: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace drover::cluster {

inline constexpr std::size_t slot_count = 16384;

namespace crc16 {

/// The polynomial x^16 + x^12 + x^5 + 1, most significant bit first.
constexpr std::array<std::uint16_t, 256> table_of_bytes() noexcept {
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t rest = byte << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      rest = (rest & 0x8000U) != 0 ? (rest << 1U) ^ 0x1021U : rest << 1U;
    }
    table[byte] = static_cast<std::uint16_t>(rest & 0xFFFFU);
  }
  return table;
}

inline constexpr std::array<std::uint16_t, 256> table = table_of_bytes();

constexpr std::uint16_t of(std::string_view bytes) noexcept {
  std::uint32_t rest = 0;
  for (const char c : bytes) {
    const std::uint32_t index = (rest >> 8U) ^ static_cast<unsigned char>(c);
    rest = ((rest << 8U) ^ table[index]) & 0xFFFFU;
  }
  return static_cast<std::uint16_t>(rest);
}

}  // namespace crc16

/// The part of the key that decides its slot.
[[nodiscard]] constexpr std::string_view hashed_part(std::string_view key) noexcept {
  const std::size_t open = key.find('{');
  if (open == std::string_view::npos) return key;
  const std::size_t close = key.find('}', open + 1);
  if (close == std::string_view::npos || close == open + 1) return key;
  return key.substr(open + 1, close - open - 1);
}

[[nodiscard]] constexpr std::uint16_t slot_of(std::string_view key) noexcept {
  return static_cast<std::uint16_t>(crc16::of(hashed_part(key)) % slot_count);
}

}  // namespace drover::cluster
