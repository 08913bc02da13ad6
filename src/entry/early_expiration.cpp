// SPDX-License-Identifier: MIT
#include "entry/early_expiration.hpp"

#include <algorithm>
#include <cmath>

#include "entry/freshness.hpp"
#include "entry/saturating.hpp"

namespace drover::entry {

bool is_due_early(const envelope& head, server_time now, const early_inputs& inputs) noexcept {
  if (head.kind != kind::value || freshness_of(head, now) != freshness::fresh) return false;

  const double delta_ms = static_cast<double>(std::max(head.load_us, 1000U)) / 1e3;
  const double lead_ms = delta_ms * inputs.beta * -std::log(inputs.unit);
  if (!(lead_ms > 0.0)) return false;  // beta is zero or not a number

  const auto remaining =
      saturating_subtract(head.until.time_since_epoch().count(), now.time_since_epoch().count());
  return std::min(lead_ms, static_cast<double>(inputs.lead_max.count())) >=
         static_cast<double>(remaining);
}

}  // namespace drover::entry
