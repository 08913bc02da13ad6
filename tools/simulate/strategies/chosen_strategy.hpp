// SPDX-License-Identifier: MIT
// Finds a strategy by its name: a built-in strategy, or "command" for a client program of the user.
#pragma once

#include <string_view>

#include "simulate/strategies/strategy.hpp"

namespace drover::simulate {

inline constexpr std::string_view command_strategy_name = "command";

/// `command` is used only if `name` is `command_strategy_name`. Throws std::invalid_argument if
/// there is no such strategy, and the exceptions of `command_strategy_kind`.
[[nodiscard]] strategy_kind chosen_strategy(std::string_view name, std::string_view command);

}  // namespace drover::simulate
