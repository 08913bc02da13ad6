// SPDX-License-Identifier: MIT
#include "simulate/run/scenario.hpp"

#include <algorithm>
#include <array>

#include "simulate/run/scenarios.hpp"

namespace drover::simulate {

std::span<const scenario> scenarios() {
  static const std::array<scenario, 13> all{
      expiring_key,   cold_start,    slow_load,     steady_traffic, absent_row,
      failing_origin, holder_killed, holder_frozen, redis_killed,   flushed,
      same_instant,   changing_row,  overload};
  return all;
}

const scenario* find_scenario(std::string_view name) {
  const auto match = std::ranges::find(scenarios(), name, &scenario::name);
  return match == scenarios().end() ? nullptr : &*match;
}

}  // namespace drover::simulate
