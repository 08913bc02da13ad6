// SPDX-License-Identifier: MIT
// Themes in which the calls and loaders are unusual.
#include "world/play/themes.hpp"

namespace drover::world::themes {

using namespace std::chrono_literals;

void endless_limits(drawer& draw, plan& of) {
  for (planned_process& process : of.processes) {
    for (auto& calls : process.threads) {
      for (planned_call& planned : calls) {
        if (draw.chance(50)) planned.deadline = virtual_time::max();
        if (draw.chance(25)) planned.deadline = virtual_time::min();
      }
    }
  }
  // Only a limit of its own ends the wait for a server that is silent for ever.
  if (draw.chance(50)) return;
  of.faults.clear();
  if (draw.chance(50)) of.options.silence_max = duration::max();
  if (draw.chance(50)) of.options.connect_max = duration::max();
}

void unstored(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.keys = 1;
  of.policy.uncacheable_ttl = 5s;
  of.loader = {.shortest = 100ms, .longest = draw.spread(110ms, 400ms), .unstored = 100};
  of.compares_at_the_end = false;
  make_processes(of, 3, 1 + draw.below(2));
  const bool has_writes = draw.chance(50);
  for (planned_process& process : of.processes) {
    for (auto& calls : process.threads) {
      calls.push_back(rest(draw, 1ms, 200ms));
      add_rounds(draw, of, calls, 4,
                 {call_kind::get, call_kind::get, has_writes ? call_kind::write : call_kind::get},
                 100ms);
    }
  }
}

void many_limited(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.keys = 3;
  of.options.background_threads = draw.one_of({1U, 2U});
  of.loader = {.shortest = 100ms, .longest = draw.spread(150ms, 600ms)};
  make_processes(of, 1 + draw.below(2), 3 + draw.below(3));
  const bool has_nested = draw.chance(50);
  if (has_nested) of.loader.nested = of.loader.limited = 60;
  for (planned_process& process : of.processes) {
    for (auto& calls : process.threads) {
      add_rounds(draw, of, calls, 2, {call_kind::get}, 40ms);
      for (planned_call& planned : calls) {
        if (draw.chance(80)) planned.deadline = 5s;
        // What a load waits for must not wait for a thread.
        if (has_nested) planned.cache = 0;
      }
    }
  }
  if (has_nested) of.options.deadline_threads_max = 1;
}

void overtaken_loads(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.keys = 1;
  of.loader = {.shortest = 1ms, .longest = draw.spread(5ms, 100ms), .obedient = 100};
  make_processes(of, 2, 2);
  add_rounds(draw, of, 6, {call_kind::get, call_kind::get, call_kind::write}, 20ms);
}

}  // namespace drover::world::themes
