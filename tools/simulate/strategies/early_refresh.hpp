// SPDX-License-Identifier: MIT
// Whether a request that finds a value refreshes it before its end: XFetch (Vattani, Chierichetti,
// Lowenstein: "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015), and what the article
// makes of it.
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

/// The paper's: now - load_time * beta * ln(unit) >= ends. `load_time`: how long the load took that
/// made the value.
[[nodiscard]] bool refreshes_early(const refresh_draw& drawn, std::chrono::microseconds load_time);

/// The article's: the same with the value's age for the load's time, so that half of a ttl is left
/// when every third request refreshes.
[[nodiscard]] bool refreshes_early_by_age(const refresh_draw& drawn, wall_time fetched_at);

}  // namespace drover::simulate
