// SPDX-License-Identifier: MIT
#include "base/sha256.hpp"

#include <bit>
#include <cstdint>

namespace drover::base {
namespace {

using words = std::array<std::uint32_t, 8>;
constexpr std::size_t block_size = 64;

constexpr words initial{0x6a09e667U, 0xbb67ae85U, 0x3c6ef372U, 0xa54ff53aU,
                        0x510e527fU, 0x9b05688cU, 0x1f83d9abU, 0x5be0cd19U};

constexpr std::array<std::uint32_t, 64> constants{
    0x428a2f98U, 0x71374491U, 0xb5c0fbcfU, 0xe9b5dba5U, 0x3956c25bU, 0x59f111f1U, 0x923f82a4U,
    0xab1c5ed5U, 0xd807aa98U, 0x12835b01U, 0x243185beU, 0x550c7dc3U, 0x72be5d74U, 0x80deb1feU,
    0x9bdc06a7U, 0xc19bf174U, 0xe49b69c1U, 0xefbe4786U, 0x0fc19dc6U, 0x240ca1ccU, 0x2de92c6fU,
    0x4a7484aaU, 0x5cb0a9dcU, 0x76f988daU, 0x983e5152U, 0xa831c66dU, 0xb00327c8U, 0xbf597fc7U,
    0xc6e00bf3U, 0xd5a79147U, 0x06ca6351U, 0x14292967U, 0x27b70a85U, 0x2e1b2138U, 0x4d2c6dfcU,
    0x53380d13U, 0x650a7354U, 0x766a0abbU, 0x81c2c92eU, 0x92722c85U, 0xa2bfe8a1U, 0xa81a664bU,
    0xc24b8b70U, 0xc76c51a3U, 0xd192e819U, 0xd6990624U, 0xf40e3585U, 0x106aa070U, 0x19a4c116U,
    0x1e376c08U, 0x2748774cU, 0x34b0bcb5U, 0x391c0cb3U, 0x4ed8aa4aU, 0x5b9cca4fU, 0x682e6ff3U,
    0x748f82eeU, 0x78a5636fU, 0x84c87814U, 0x8cc70208U, 0x90befffaU, 0xa4506cebU, 0xbef9a3f7U,
    0xc67178f2U};

/// The byte at `at` of the padded message: the message, 0x80, zeros, the length in bits.
std::uint32_t padded_byte(std::string_view bytes, std::size_t padded_size,
                          std::size_t at) noexcept {
  if (at < bytes.size()) return static_cast<unsigned char>(bytes[at]);
  if (at == bytes.size()) return 0x80U;
  const std::size_t from_end = padded_size - 1 - at;
  if (from_end >= 8) return 0U;
  const std::uint64_t bits = static_cast<std::uint64_t>(bytes.size()) * 8U;
  return static_cast<std::uint32_t>((bits >> (8U * from_end)) & 0xFFU);
}

void add_block(words& state, std::array<std::uint32_t, 64>& w) noexcept {
  for (std::size_t i = 16; i < w.size(); ++i) {
    const std::uint32_t low =
        std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3U);
    const std::uint32_t high =
        std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10U);
    w[i] = w[i - 16] + low + w[i - 7] + high;
  }
  words s = state;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const std::uint32_t chosen = (s[4] & s[5]) ^ (~s[4] & s[6]);
    const std::uint32_t most = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    const std::uint32_t first = s[7] +
                                (std::rotr(s[4], 6) ^ std::rotr(s[4], 11) ^ std::rotr(s[4], 25)) +
                                chosen + constants[i] + w[i];
    const std::uint32_t second =
        (std::rotr(s[0], 2) ^ std::rotr(s[0], 13) ^ std::rotr(s[0], 22)) + most;
    s = {first + second, s[0], s[1], s[2], s[3] + first, s[4], s[5], s[6]};
  }
  for (std::size_t i = 0; i < state.size(); ++i) state[i] += s[i];
}

}  // namespace

std::array<char, sha256_size> sha256_of(std::string_view bytes) noexcept {
  words state = initial;
  const std::size_t padded_size = (bytes.size() + 8) / block_size * block_size + block_size;
  for (std::size_t begin = 0; begin < padded_size; begin += block_size) {
    std::array<std::uint32_t, 64> w{};
    for (std::size_t i = 0; i < block_size; ++i) {
      w[i / 4] = (w[i / 4] << 8U) | padded_byte(bytes, padded_size, begin + i);
    }
    add_block(state, w);
  }
  std::array<char, sha256_size> sum{};
  for (std::size_t i = 0; i < sum.size(); ++i) {
    sum[i] = static_cast<char>(static_cast<unsigned char>(state[i / 4] >> (24U - 8U * (i % 4))));
  }
  return sum;
}

}  // namespace drover::base
