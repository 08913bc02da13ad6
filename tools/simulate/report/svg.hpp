// SPDX-License-Identifier: MIT
// A simulation as a picture: a lane for each strategy with the queries running over time, and their
// number. One SVG without a script; light and dark, by what the reader's system prefers. Pure.
#pragma once

#include <string>

#include "simulate/measure/simulation.hpp"

namespace drover::simulate {

[[nodiscard]] std::string svg_picture(const simulation& of);

}  // namespace drover::simulate
