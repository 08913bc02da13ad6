// SPDX-License-Identifier: MIT
// Functions that create the built-in strategies. Each strategy is in the file of the same name.
#pragma once

#include <memory>

#include "simulate/strategies/strategy.hpp"

namespace drover::simulate {

[[nodiscard]] std::unique_ptr<strategy> begin_cache_aside(strategy_settings settings);
[[nodiscard]] std::unique_ptr<strategy> begin_retry_lock(strategy_settings settings);
[[nodiscard]] std::unique_ptr<strategy> begin_lua_lock(strategy_settings settings);
[[nodiscard]] std::unique_ptr<strategy> begin_xfetch_by_age(strategy_settings settings);
[[nodiscard]] std::unique_ptr<strategy> begin_xfetch(strategy_settings settings);
[[nodiscard]] std::unique_ptr<strategy> begin_single_flight(strategy_settings settings);
[[nodiscard]] std::unique_ptr<strategy> begin_drover(strategy_settings settings);
[[nodiscard]] std::unique_ptr<strategy> begin_drover_strict(strategy_settings settings);

}  // namespace drover::simulate
