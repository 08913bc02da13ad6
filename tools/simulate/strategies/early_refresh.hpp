// SPDX-License-Identifier: MIT
// Decides whether a request refreshes a value before the value's ttl ends: XFetch (Vattani,
// Chierichetti, Lowenstein: "Optimal Probabilistic Cache Stampede Prevention", VLDB 2015), and a
// variant that uses the value's age.
//
// Pure. Threads: values.
#pragma once

#include <chrono>

namespace drover::simulate {

using wall_time = std::chrono::sys_time<std::chrono::microseconds>;

struct refresh_draw {
  wall_time now{};
  wall_time ends{};   ///< when the value's ttl ends
  double unit = 1.0;  ///< a random number in (0, 1], new for each request
  double beta = 1.0;  ///< eagerness: a higher value refreshes earlier
};

/// The rule of the paper: now - load_time * beta * ln(unit) >= ends. `load_time` is the duration of
/// the load that produced the value.
[[nodiscard]] bool refreshes_early(const refresh_draw& draw, std::chrono::microseconds load_time);

/// The variant: the same rule, with the value's age in place of `load_time`. When half of the ttl
/// is left, about every third request refreshes.
[[nodiscard]] bool refreshes_early_by_age(const refresh_draw& draw, wall_time fetched_at);

}  // namespace drover::simulate
