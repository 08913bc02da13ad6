// SPDX-License-Identifier: MIT
// A seeded source of random numbers for jitter and other random choices. Not for tokens: they come
// from the operating system through `token_source`.
#pragma once

#include <cstdint>

namespace drover::base {

/// SplitMix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014).
/// Threads: one thread at a time.
class seeded_random {
 public:
  explicit seeded_random(std::uint64_t seed) noexcept : state_{seed} {}

  [[nodiscard]] std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }

  /// Uniform in (0, 1]: never zero, so that its logarithm is finite.
  [[nodiscard]] double next_unit() noexcept {
    return (static_cast<double>(next() >> 11U) + 1.0) * 0x1.0p-53;
  }

 private:
  std::uint64_t state_;
};

}  // namespace drover::base
