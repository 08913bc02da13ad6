// SPDX-License-Identifier: MIT
#include "strategies/early_refresh.hpp"

#include <cmath>

namespace drover::simulate {

bool refreshes_early(const refresh_draw& drawn, std::chrono::microseconds load_time) {
  const double lead = -static_cast<double>(load_time.count()) * drawn.beta * std::log(drawn.unit);
  return lead >= static_cast<double>((drawn.ends - drawn.now).count());
}

bool refreshes_early_by_age(const refresh_draw& drawn, wall_time fetched_at) {
  return refreshes_early(drawn, drawn.now - fetched_at);
}

}  // namespace drover::simulate
