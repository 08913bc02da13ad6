// SPDX-License-Identifier: MIT
// SHA-1 at compile time (FIPS 180-4), because EVALSHA names scripts by their SHA-1. Do not use it
// for anything else: it is not secure.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace drover::lease {

/// 40 lower-case hexadecimal digits.
using sha1_digits = std::array<char, 40>;

namespace sha1_detail {

using words = std::array<std::uint32_t, 5>;

/// The byte at `at` of the padded message: the text, 0x80, zeros, the length in bits.
constexpr std::uint32_t padded_byte(std::string_view text, std::size_t padded_size,
                                    std::size_t at) noexcept {
  if (at < text.size()) return static_cast<unsigned char>(text[at]);
  if (at == text.size()) return 0x80U;
  const std::size_t from_end = padded_size - 1 - at;
  if (from_end >= 8) return 0U;
  const std::uint64_t bits = static_cast<std::uint64_t>(text.size()) * 8U;
  return static_cast<std::uint32_t>((bits >> (8U * from_end)) & 0xFFU);
}

constexpr std::uint32_t mix(std::size_t round, const words& s) noexcept {
  if (round < 20) return ((s[1] & s[2]) | (~s[1] & s[3])) + 0x5A827999U;
  if (round < 40) return (s[1] ^ s[2] ^ s[3]) + 0x6ED9EBA1U;
  if (round < 60) return ((s[1] & s[2]) | (s[1] & s[3]) | (s[2] & s[3])) + 0x8F1BBCDCU;
  return (s[1] ^ s[2] ^ s[3]) + 0xCA62C1D6U;
}

constexpr void add_block(words& state, const std::array<std::uint32_t, 16>& block) noexcept {
  std::array<std::uint32_t, 80> w{};
  for (std::size_t i = 0; i < 80; ++i) {
    w[i] = i < 16 ? block[i] : std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  }
  words s = state;
  for (std::size_t i = 0; i < 80; ++i) {
    const std::uint32_t next = std::rotl(s[0], 5) + mix(i, s) + s[4] + w[i];
    s = {next, s[0], std::rotl(s[1], 30), s[2], s[3]};
  }
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += s[i];
}

}  // namespace sha1_detail

[[nodiscard]] constexpr sha1_digits sha1_of(std::string_view text) noexcept {
  sha1_detail::words state{0x67452301U, 0xEFCDAB89U, 0x98BADCFEU, 0x10325476U, 0xC3D2E1F0U};
  const std::size_t padded_size = (text.size() + 8) / 64 * 64 + 64;
  for (std::size_t begin = 0; begin < padded_size; begin += 64) {
    std::array<std::uint32_t, 16> block{};
    for (std::size_t i = 0; i < 64; ++i) {
      block[i / 4] = (block[i / 4] << 8U) | sha1_detail::padded_byte(text, padded_size, begin + i);
    }
    sha1_detail::add_block(state, block);
  }
  sha1_digits digits{};
  for (std::size_t i = 0; i < digits.size(); ++i) {
    digits[i] = "0123456789abcdef"[(state[i / 8] >> (28U - 4U * (i % 8))) & 0xFU];
  }
  return digits;
}

}  // namespace drover::lease
