// SPDX-License-Identifier: MIT
#include "connection/stall_gate.hpp"

#include <algorithm>

namespace drover::connection {

stall_gate::pass stall_gate::ask(steady_time now) noexcept {
  if (is_open()) return pass::free;
  if (has_trial_ || now < shut_until_) return pass::none;
  has_trial_ = true;
  return pass::trial;
}

void stall_gate::stalled(steady_time now) noexcept {
  shut_for_ = std::clamp(shut_for_ * 2, shut_min, shut_max);
  shut_until_ = now + shut_for_;
}

void stall_gate::trial_ended(bool was_answered) noexcept {
  has_trial_ = false;
  if (was_answered) shut_for_ = milliseconds{0};
}

}  // namespace drover::connection
