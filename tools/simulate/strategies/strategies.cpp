// SPDX-License-Identifier: MIT
// The list of strategies. The strategies do not register themselves, because a linker drops the
// object files of a static library that nothing refers to.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "simulate/strategies/built_in.hpp"

namespace drover::simulate {
namespace {

constexpr std::string_view drover_weakness =
    "each of these costs one more query: a holder that dies, a change during the load, a Redis "
    "that "
    "is away, a refresh that is delayed at the end of the ttl";

const std::array<strategy_kind, 8>& all() {
  static const std::array<strategy_kind, 8> kinds{{
      {.name = "cache-aside",
       .title = "cache-aside",
       .summary = "GET, else query and SETEX; without Redis every call is a query",
       .weakness = "nothing holds a caller back between the end of the ttl and the next SETEX",
       .begin = begin_cache_aside},
      {.name = "retry-lock",
       .title = "retry lock",
       .summary = "the lock from the tutorial this project started from: SET NX, 5 attempts 100 ms "
                  "apart, then the query anyway; without Redis every call is a query",
       .weakness = "a caller reads the cache again only after it gets the lock, and after 5 failed "
                   "attempts it asks the database itself",
       .begin = begin_retry_lock},
      {.name = "lock-lua",
       .title = "lock, Lua",
       .summary = "a lock with an owner's token, deleted by a script; waits up to 10 s and reads "
                  "the cache every 50 ms; without Redis every call is a query",
       .weakness = "when nothing gets cached, the waiters take the lock and ask one after another, "
                   "and after 10 s each asks for itself",
       .begin = begin_lua_lock},
      {.name = "xfetch-by-age",
       .title = "XFetch by age",
       .summary = "early expiration by the value's age instead of its load time, with the times in "
                  "a second key; without Redis every call is a query",
       .weakness =
           "nothing holds a caller back at a cold key, and values are refreshed long before "
           "their ttl ends, the hotter the more often",
       .begin = begin_xfetch_by_age},
      {.name = "xfetch",
       .title = "XFetch",
       .summary =
           "early expiration by the measured load time, as in the paper; one entry, no lock; "
           "without Redis every call is a query",
       .weakness = "nothing holds a caller back at a cold key, and several callers may refresh the "
                   "same value early",
       .begin = begin_xfetch},
      {.name = "singleflight",
       .title = "single-flight",
       .summary = "cache-aside with one load per key at a time in each process; without Redis one "
                  "query per process",
       .weakness = "the processes do not know of each other, and each sends its own query",
       .begin = begin_single_flight},
      {.name = "drover",
       .title = "Drover",
       .summary = "this library, with grace: for 10 more ttls an old value is served while it is "
                  "refreshed or while the origin fails",
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

/// Names of earlier versions.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> aliases{
    {{"lock", "retry-lock"}, {"xfetch-article", "xfetch-by-age"}}};

}  // namespace

std::span<const strategy_kind> strategies() { return all(); }

const strategy_kind* find_strategy(std::string_view name) {
  for (const auto& [alias, current] : aliases) {
    if (name == alias) name = current;
  }
  const auto match = std::ranges::find(all(), name, &strategy_kind::name);
  return match == all().end() ? nullptr : &*match;
}

}  // namespace drover::simulate
