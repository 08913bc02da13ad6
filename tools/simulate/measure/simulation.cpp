// SPDX-License-Identifier: MIT
#include "simulate/measure/simulation.hpp"

#include <algorithm>

namespace drover::simulate {

bool simulation::is_met() const {
  return std::ranges::all_of(rounds, [](const round_result& round) {
    return std::ranges::all_of(round.strategies, [](const strategy_result& result) {
      return std::ranges::all_of(result.checks, &check::is_met);
    });
  });
}

}  // namespace drover::simulate
