// SPDX-License-Identifier: MIT
// The SVG report of a simulation: a lane for each strategy, with the queries running over time and
// the key figure. The picture has no script. It is light or dark, as the reader's system prefers.
// Pure.
#pragma once

#include <string>

#include "simulate/measure/simulation.hpp"

namespace drover::simulate {

[[nodiscard]] std::string svg_picture(const simulation& results);

}  // namespace drover::simulate
