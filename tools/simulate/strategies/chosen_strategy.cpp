// SPDX-License-Identifier: MIT
#include "simulate/strategies/chosen_strategy.hpp"

#include <stdexcept>
#include <string>

#include "simulate/strategies/command_strategy.hpp"

namespace drover::simulate {

strategy_kind chosen_strategy(std::string_view name, std::string_view command) {
  if (name == command_strategy_name) return command_strategy_kind(command);
  if (const strategy_kind* known = find_strategy(name)) return *known;
  throw std::invalid_argument{"no strategy '" + std::string{name} + "'"};
}

}  // namespace drover::simulate
