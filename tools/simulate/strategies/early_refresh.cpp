// SPDX-License-Identifier: MIT
#include "simulate/strategies/early_refresh.hpp"

#include <cmath>

namespace drover::simulate {

namespace {

// A double is exact to a microsecond for present times, and it does not overflow for any time that
// Redis may hold.
double in_us(wall_time moment) { return static_cast<double>(moment.time_since_epoch().count()); }

bool refreshes(const refresh_draw& drawn, double delta_us) {
  return in_us(drawn.now) - delta_us * drawn.beta * std::log(drawn.unit) >= in_us(drawn.ends);
}

}  // namespace

bool refreshes_early(const refresh_draw& drawn, std::chrono::microseconds load_time) {
  return refreshes(drawn, static_cast<double>(load_time.count()));
}

bool refreshes_early_by_age(const refresh_draw& drawn, wall_time fetched_at) {
  return refreshes(drawn, in_us(drawn.now) - in_us(fetched_at));
}

}  // namespace drover::simulate
