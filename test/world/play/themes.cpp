// SPDX-License-Identifier: MIT
// What must come together for a fault that the wide drawing would meet once in a million schedules.
#include "world/play/themes.hpp"

#include <array>

namespace drover::world {

namespace themes {

using namespace std::chrono_literals;

void make_plain(drawer& draw, plan& of) {
  of.options = {};
  of.options.url = "redis://127.0.0.1:6379";
  of.options.spin = draw.chance(50);
  of.executor = executor_kind::none;
  of.faults.clear();
  of.loader = {.shortest = 200us, .longest = draw.spread(300us, 20ms)};
  of.network = {.delay_min = 20us, .delay_max = draw.spread(30us, 800us)};
  of.policy = {};
  of.policy.ttl = 10s;
  of.policy.early_beta = 0;
  of.policy.lease_ttl = 1500ms;
  of.policy.load_max = 3s;
  for (planned_process& process : of.processes) process.drift_ppm = 0;
}

void make_processes(plan& of, std::size_t processes, std::size_t threads) {
  of.processes.assign(processes, {});
  for (planned_process& process : of.processes) process.threads.resize(threads);
}

planned_call rest(drawer& draw, microseconds low, microseconds high) {
  return {.is = call_kind::rest, .span = draw.spread(low, high), .deadline = {}, .stop_after = {}};
}

planned_call call(drawer& draw, const plan& of, call_kind is) {
  return {.is = is,
          .cache = static_cast<unsigned>(draw.below(cache_count)),
          .key = static_cast<unsigned>(draw.below(of.keys)),
          .deadline = {},
          .stop_after = {}};
}

void add_rounds(drawer& draw, const plan& of, std::vector<planned_call>& to, unsigned count,
                std::initializer_list<call_kind> kinds, microseconds rest_max) {
  for (unsigned i = 0; i < count; ++i) {
    to.push_back(call(draw, of, draw.one_of(kinds)));
    to.push_back(rest(draw, 50us, rest_max));
  }
}

void add_rounds(drawer& draw, plan& of, unsigned count, std::initializer_list<call_kind> kinds,
                microseconds rest_max) {
  for (planned_process& process : of.processes) {
    for (auto& calls : process.threads) add_rounds(draw, of, calls, count, kinds, rest_max);
  }
}

}  // namespace themes

void draw_theme(plan& of) {
  constexpr std::uint64_t theme_stream = 0x9E3779B97F4A7C15U;
  constexpr unsigned themed_percent = 25;
  drawer draw{of.seed ^ theme_stream};
  if (!draw.chance(themed_percent)) return;
  constexpr std::array all{themes::endless_limits,
                           themes::replica,
                           themes::other_programs,
                           themes::no_time,
                           themes::unstored,
                           themes::failing_alone,
                           themes::full_journal,
                           themes::refusing_server,
                           themes::one_lie,
                           themes::snapshot,
                           themes::refused_invalidations,
                           themes::many_limited,
                           themes::idle_connections,
                           themes::overtaken_loads,
                           themes::frozen_server};
  all[draw.below(all.size())](draw, of);
}

}  // namespace drover::world
