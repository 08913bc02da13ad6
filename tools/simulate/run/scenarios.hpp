// SPDX-License-Identifier: MIT
// Declarations of all scenarios, for the list in scenario.cpp.
#pragma once

#include "simulate/run/scenario.hpp"

namespace drover::simulate {

// One call of each caller, all at the same instant: one_instant.cpp.
extern const scenario expiring_key;
extern const scenario cold_start;
extern const scenario slow_load;
extern const scenario holder_killed;
extern const scenario holder_frozen;
// Steady traffic: traffic.cpp.
extern const scenario steady_traffic;
extern const scenario absent_row;
extern const scenario failing_origin;
extern const scenario redis_killed;
extern const scenario flushed;
extern const scenario same_instant;
extern const scenario changing_row;
// A fixed rate of requests: overload.cpp.
extern const scenario overload;

}  // namespace drover::simulate
