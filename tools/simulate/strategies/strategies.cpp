// SPDX-License-Identifier: MIT
// The list of strategies. A list and not self-registration: a linker drops the object files of a
// static library that nothing refers to.
#include <algorithm>
#include <array>

#include "simulate/strategies/built_in.hpp"

namespace drover::simulate {
namespace {

constexpr std::string_view drover_weakness =
    "a holder that died, a change meanwhile, a Redis that is away, or a refresh that was held up "
    "at the end of the ttl each cost a query more";

const std::array<strategy_kind, 8>& all() {
  static const std::array<strategy_kind, 8> kinds{{
      {.name = "cache-aside",
       .title = "cache-aside",
       .summary = "GET, else query and SETEX; without Redis every call is a query",
       .weakness = "nothing holds a caller back between the end of the ttl and the next SETEX",
       .begin = begin_cache_aside},
      {.name = "lock",
       .title = "article's lock",
       .summary = "the article's: SET NX, 5 attempts 100 ms apart, then the query all the same; "
                  "without Redis every call is a query",
       .weakness = "a caller looks again only once it holds the lock, and after 5 attempts to get "
                   "it asks the database itself",
       .begin = begin_article_lock},
      {.name = "lock-lua",
       .title = "lock, Lua",
       .summary = "a lock with an owner's token, deleted by a script; waits up to 10 s and looks "
                  "every 50 ms; without Redis every call is a query",
       .weakness = "nothing to find means that one waiter after another holds the lock and asks, "
                   "and after 10 s each asks for itself",
       .begin = begin_lua_lock},
      {.name = "xfetch-article",
       .title = "article's XFetch",
       .summary = "the article's early expiration: goes by the value's age, times in a second key; "
                  "without Redis every call is a query",
       .weakness =
           "nothing holds a caller back at a cold key, and values are refreshed long before "
           "their ttl ends, the more often the hotter they are",
       .begin = begin_article_xfetch},
      {.name = "xfetch",
       .title = "XFetch",
       .summary = "the paper's early expiration: goes by the measured load time, one entry, no "
                  "lock; without Redis every call is a query",
       .weakness = "nothing holds a caller back at a cold key, and several may draw an early "
                   "refresh of the same value",
       .begin = begin_xfetch},
      {.name = "singleflight",
       .title = "single-flight",
       .summary = "cache-aside, each key once at a time in a process; without Redis one query per "
                  "process",
       .weakness = "processes know nothing of each other: each sends a query of its own",
       .begin = begin_single_flight},
      {.name = "drover",
       .title = "Drover",
       .summary = "this library, with grace: for 10 more ttls an old value is served while it is "
                  "refreshed or the origin fails",
       .weakness = drover_weakness,
       .begin = begin_drover},
      {.name = "drover-strict",
       .title = "Drover, strict",
       .summary = "this library without grace: refreshed early, never stale",
       .weakness = drover_weakness,
       .begin = begin_drover_strict},
  }};
  return kinds;
}

}  // namespace

std::span<const strategy_kind> strategies() { return all(); }

const strategy_kind* find_strategy(std::string_view name) {
  const auto found = std::ranges::find(all(), name, &strategy_kind::name);
  return found == all().end() ? nullptr : &*found;
}

}  // namespace drover::simulate
