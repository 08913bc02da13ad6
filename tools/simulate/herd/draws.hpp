// SPDX-License-Identifier: MIT
// Random numbers that depend only on a seed and a stream number, so that a run can be repeated
// regardless of thread scheduling. Pure. Threads: one object for each thread.
//
// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>

namespace drover::simulate {

class draws {
 public:
  draws(std::uint64_t seed, std::uint64_t stream) noexcept
      : state_{mixed(seed) ^ mixed(stream + golden)} {}

  [[nodiscard]] std::uint64_t next() noexcept { return mixed(state_ += golden); }
  /// Uniform in [0, 1).
  [[nodiscard]] double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }
  /// Uniform in [0, end). Requires end > 0.
  [[nodiscard]] std::uint32_t below(std::uint32_t end) noexcept {
    return static_cast<std::uint32_t>((next() >> 32) * end >> 32);
  }
  /// Exponentially distributed, with this mean.
  [[nodiscard]] std::chrono::nanoseconds around(std::chrono::nanoseconds mean) noexcept {
    return std::chrono::nanoseconds{
        static_cast<std::int64_t>(-std::log1p(-uniform()) * static_cast<double>(mean.count()))};
  }

 private:
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15U;

  static std::uint64_t mixed(std::uint64_t bits) noexcept {
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
    return bits ^ (bits >> 31);
  }

  std::uint64_t state_;
};

}  // namespace drover::simulate
