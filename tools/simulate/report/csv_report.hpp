// SPDX-License-Identifier: MIT
// A simulation as a table for other programs: RFC 4180, a row per strategy of each round. Pure.
//
// Text from outside that a spreadsheet would take for a formula gets an apostrophe in front.
#pragma once

#include <string>

#include "simulate/measure/simulation.hpp"

namespace drover::simulate {

[[nodiscard]] std::string csv_report(const simulation& of);

}  // namespace drover::simulate
