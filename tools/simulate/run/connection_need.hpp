// SPDX-License-Identifier: MIT
// The number of database connections that a run may open at once, and advice for a database that
// allows fewer. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "simulate/herd/run_plan.hpp"

namespace drover::simulate {

[[nodiscard]] std::uint32_t connections_for(const run_plan& plan);

/// The options that fit when the database allows only `room` connections, as advice for the user.
[[nodiscard]] std::string advice_for_room(const run_plan& plan, std::uint32_t room);

}  // namespace drover::simulate
