// SPDX-License-Identifier: MIT
#include "simulate/strategies/early_refresh.hpp"

#include <cmath>

namespace drover::simulate {

namespace {

// A double is exact to a microsecond for present times, and it does not overflow for any time that
// Redis may hold.
double in_us(wall_time moment) { return static_cast<double>(moment.time_since_epoch().count()); }

bool refreshes(const refresh_draw& draw, double delta_us) {
  return in_us(draw.now) - delta_us * draw.beta * std::log(draw.unit) >= in_us(draw.ends);
}

}  // namespace

bool refreshes_early(const refresh_draw& draw, std::chrono::microseconds load_time) {
  return refreshes(draw, static_cast<double>(load_time.count()));
}

bool refreshes_early_by_age(const refresh_draw& draw, wall_time fetched_at) {
  return refreshes(draw, in_us(draw.now) - in_us(fetched_at));
}

}  // namespace drover::simulate
