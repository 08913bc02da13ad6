// SPDX-License-Identifier: MIT
// The CSV report of a simulation (RFC 4180), with one row for each strategy of each round. Pure.
//
// Text from outside that a spreadsheet would treat as a formula gets an apostrophe in front.
#pragma once

#include <string>

#include "simulate/measure/simulation.hpp"

namespace drover::simulate {

[[nodiscard]] std::string csv_report(const simulation& results);

}  // namespace drover::simulate
