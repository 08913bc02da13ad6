// SPDX-License-Identifier: MIT
// Whether a request refreshes a value before its end: XFetch (Vattani, Chierichetti, Lowenstein:
// "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015), and a variant that goes by the
// age.
//
// Pure. Threads: values.
#pragma once

#include <chrono>

namespace drover::simulate {

using wall_time = std::chrono::sys_time<std::chrono::microseconds>;

struct refresh_draw {
  wall_time now{};
  wall_time ends{};   ///< when the value's ttl ends
  double unit = 1.0;  ///< drawn from (0, 1], anew for each request
  double beta = 1.0;  ///< eagerness
};

/// As in the paper: now - load_time * beta * ln(unit) >= ends. `load_time`: the duration of the
/// load that produced the value.
[[nodiscard]] bool refreshes_early(const refresh_draw& drawn, std::chrono::microseconds load_time);

/// The variant: the value's age in place of the load's time. When half of the ttl is left, about
/// every third request refreshes.
[[nodiscard]] bool refreshes_early_by_age(const refresh_draw& drawn, wall_time fetched_at);

}  // namespace drover::simulate
