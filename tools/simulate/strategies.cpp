// SPDX-License-Identifier: MIT
// The list of strategies. A list and not self-registration: a linker drops the object files of a
// static library that nothing refers to.
#include <algorithm>
#include <array>

#include "simulate/strategy.hpp"

namespace drover::simulate {

std::unique_ptr<strategy> begin_cache_aside(strategy_settings with);
std::unique_ptr<strategy> begin_article_lock(strategy_settings with);
std::unique_ptr<strategy> begin_drover(strategy_settings with);

namespace {

constexpr std::array<strategy_kind, 3> all{{
    {.name = "cache-aside",
     .title = "cache-aside",
     .weakness = "nothing holds a caller back between the end of the ttl and the next SETEX",
     .begin = begin_cache_aside},
    {.name = "lock",
     .title = "article's lock",
     .weakness = "a caller looks again only once it holds the lock, and after 5 attempts to get "
                 "it asks the database itself",
     .begin = begin_article_lock},
    {.name = "drover",
     .title = "Drover",
     .weakness = "this should not happen; please report it",
     .begin = begin_drover},
}};

}  // namespace

std::span<const strategy_kind> strategies() { return all; }

const strategy_kind* find_strategy(std::string_view name) {
  const auto* const found = std::ranges::find(all, name, &strategy_kind::name);
  return found == all.end() ? nullptr : found;
}

}  // namespace drover::simulate
