// SPDX-License-Identifier: MIT
// A simulation as JSON, version 1: docs/reference/simulate-json.md describes every field. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "simulate/measure/simulation.hpp"

namespace drover::simulate {

/// The most queries of one strategy that a report lists. Further queries are only counted.
inline constexpr std::size_t json_timeline_max = 1000;

[[nodiscard]] std::string json_report(const simulation& results);

}  // namespace drover::simulate
