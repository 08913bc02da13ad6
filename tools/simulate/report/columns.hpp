// SPDX-License-Identifier: MIT
// The columns of a round's table, on a terminal and on a page. A column without information is left
// out. Pure.
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
  unsigned dropped = 0;  ///< order in which columns are dropped from a narrow table; 0: never
};

/// The first column is the title of the strategy.
[[nodiscard]] std::vector<column> columns_for(const round_result& round);

/// Good or bad, as the key figure says.
[[nodiscard]] text::style colour_of(const strategy_result& result);

}  // namespace drover::simulate
