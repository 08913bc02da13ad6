// SPDX-License-Identifier: MIT
// Makes a plan that violates a rule smaller, as long as it still violates the same rule.
//
// Threads: as `carry_out`.
#pragma once

#include <string_view>

#include "world/play/plan.hpp"

namespace drover::world {

/// `failing` with fewer faults, processes, threads, calls and settings that are not the usual ones.
/// Every candidate is carried out, at most `runs_max` of them.
[[nodiscard]] plan reduce(plan failing, std::string_view rule, unsigned runs_max = 400);

}  // namespace drover::world
