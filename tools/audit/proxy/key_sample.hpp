// SPDX-License-Identifier: MIT
// Selects the keys that are examined: the share that the user asked for, and less when the auditor
// cannot keep up. The sample is halved each time that the queue grows too long. It never grows
// again, so that the facts about its keys are complete. Pure.
#pragma once

#include <cstdint>

#include "audit/capture/event.hpp"
#include "audit/capture/key_share.hpp"

namespace drover::audit {

class key_sample {
 public:
  explicit key_sample(std::uint32_t keys_per_million = all_keys, bool keys_hidden = false) noexcept
      : keys_per_million_{keys_per_million}, keys_hidden_{keys_hidden} {}

  /// Halves the sample if the queue is too full: `fill` is from 0 to 1. Returns whether it was
  /// halved.
  [[nodiscard]] bool halve_if_due(double fill, moment now) noexcept;
  /// Whether the sample includes the event. Events without keys are always included.
  [[nodiscard]] bool includes(const event& command) const;
  [[nodiscard]] std::uint32_t keys_per_million() const noexcept { return keys_per_million_; }

  static constexpr double fill_max = 0.75;
  /// The sample is halved again only after the fill was below this, or after `effect_after`.
  static constexpr double fill_calm = 0.5;
  static constexpr moment effect_after = std::chrono::milliseconds{50};
  /// It is not halved below this.
  static constexpr std::uint32_t keys_per_million_min = 16;

 private:
  std::uint32_t keys_per_million_;
  bool keys_hidden_;
  bool is_armed_ = true;
  moment halved_at_{};
};

}  // namespace drover::audit
