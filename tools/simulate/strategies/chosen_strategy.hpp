// SPDX-License-Identifier: MIT
// A strategy by its name: one of the list, or "command", the user's own program.
#pragma once

#include <string_view>

#include "simulate/strategies/strategy.hpp"

namespace drover::simulate {

inline constexpr std::string_view command_strategy_name = "command";

/// `command` matters for `command_strategy_name` only. Throws std::invalid_argument when there is
/// no such strategy, or what `command_strategy_kind` throws.
[[nodiscard]] strategy_kind chosen_strategy(std::string_view name, std::string_view command);

}  // namespace drover::simulate
