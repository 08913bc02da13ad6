// SPDX-License-Identifier: MIT
// Which keys are looked at when not all can be: halved each time that what waits grows too much,
// and never more again, so that what is known of the keys that are left is whole. Pure.
#pragma once

#include <cstdint>

#include "audit/capture/event.hpp"

namespace drover::audit {

class key_sample {
 public:
  /// Halves the sample if it is time: `fill` says how full the room for what waits is, 0 to 1.
  /// Answers whether it did.
  [[nodiscard]] bool halve_if_due(double fill, moment now) noexcept;
  /// An event without keys always is.
  [[nodiscard]] bool wants(const event& one) const noexcept;
  [[nodiscard]] std::uint32_t one_in() const noexcept { return one_in_; }

  static constexpr double fill_max = 0.75;
  /// It must have fallen to this before it is halved again, or so much time have passed.
  static constexpr double fill_calm = 0.5;
  static constexpr moment effect_after = std::chrono::milliseconds{50};
  static constexpr std::uint32_t one_in_max = 1U << 16U;

 private:
  std::uint32_t one_in_ = 1;
  bool is_armed_ = true;
  moment halved_at_{};
};

}  // namespace drover::audit
