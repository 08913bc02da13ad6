// SPDX-License-Identifier: MIT
// Selects the keys that are examined when the auditor cannot keep up. The sample is halved each
// time that the queue grows too long. It never grows again, so that the facts about its keys are
// complete. Pure.
#pragma once

#include <cstdint>

#include "audit/capture/event.hpp"

namespace drover::audit {

class key_sample {
 public:
  /// Halves the sample if the queue is too full: `fill` is from 0 to 1. Returns whether it was
  /// halved.
  [[nodiscard]] bool halve_if_due(double fill, moment now) noexcept;
  /// Whether the sample includes the event. Events without keys are always included.
  [[nodiscard]] bool includes(const event& command) const noexcept;
  [[nodiscard]] std::uint32_t one_in() const noexcept { return one_in_; }

  static constexpr double fill_max = 0.75;
  /// The sample is halved again only after the fill was below this, or after `effect_after`.
  static constexpr double fill_calm = 0.5;
  static constexpr moment effect_after = std::chrono::milliseconds{50};
  static constexpr std::uint32_t one_in_max = 1U << 16U;

 private:
  std::uint32_t one_in_ = 1;
  bool is_armed_ = true;
  moment halved_at_{};
};

}  // namespace drover::audit
