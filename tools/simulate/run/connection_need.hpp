// SPDX-License-Identifier: MIT
// How many connections to the database a run may open at once, and how many callers fit into fewer.
// Pure.
#pragma once

#include <cstdint>
#include <string>

#include "simulate/herd/run_plan.hpp"

namespace drover::simulate {

[[nodiscard]] std::uint32_t connections_for(const run_plan& plan);

/// What to ask for instead when the database allows only `room` connections.
[[nodiscard]] std::string advice_for_room(const run_plan& plan, std::uint32_t room);

}  // namespace drover::simulate
