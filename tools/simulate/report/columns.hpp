// SPDX-License-Identifier: MIT
// The columns of a round's table, on a terminal and on a page: those that have something to say.
// Pure.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "simulate/measure/simulation.hpp"
#include "text/text_layout.hpp"

namespace drover::simulate {

struct column {
  std::string_view head;
  std::string_view head_below;
  std::function<text::cell(const strategy_result&)> cell;
  unsigned dropped = 0;  ///< where there is no room: the lower first; 0: never
};

/// The first is the strategy's title.
[[nodiscard]] std::vector<column> columns_for(const round_result& of);

/// Good or bad, by what the scenario is about.
[[nodiscard]] text::style colour_of(const strategy_result& result);

}  // namespace drover::simulate
