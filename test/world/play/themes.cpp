// SPDX-License-Identifier: MIT
// The themes of plans: what must come together for a fault that the wide drawing would meet once in
// a million schedules. A theme leaves open all that does not matter to it.
#include <algorithm>
#include <array>

#include "world/play/drawer.hpp"
#include "world/play/plan.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;
using call_kind = planned_call::kind;
using fault_kind = planned_fault::kind;

constexpr std::uint64_t theme_stream = 0x9E3779B97F4A7C15U;
constexpr unsigned themed_percent = 25;

/// A plan in which nothing is wrong, with the processes and the preemption that were drawn.
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

/// Processes with a number of threads each.
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

/// Limits at both ends of time.
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

/// Processes that read what is stored on a replica, some of them connected before it was one.
void replica(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.policy.grace = draw.one_of({0ms, 5000ms});
  make_processes(of, 2, 1 + draw.below(2));
  of.processes[1].starts = draw.spread(1ms, 1s);
  add_rounds(draw, of, 6, {call_kind::get, call_kind::get, call_kind::get, call_kind::write},
             500ms);
  of.faults = {{.is = fault_kind::replica,
                .when = draw.spread(1ms, 400ms),
                .length = draw.between(600ms, 1600ms)}};
}

/// Replies that are longer than allowed, failures with long pauses, and damage without end.
void other_programs(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.keys = 1;
  of.options.reply_max = 8192;
  of.options.value_max = 4096;
  of.options.silence_max = of.options.connect_max = 40ms;
  of.policy.lease_ttl = of.policy.load_max = 100ms;
  of.policy.failure_pause_max = draw.one_of({100ms, 1000ms});
  make_processes(of, 1 + draw.below(2), 1 + draw.below(2));
  add_rounds(draw, of, 6, {call_kind::get, call_kind::get, call_kind::get_or_load, call_kind::peek},
             200ms);
  const auto is =
      draw.one_of({fault_kind::long_entry, fault_kind::failed_entry, fault_kind::damaged_entries});
  for (std::uint64_t i = draw.below(3); i < 3; ++i) {
    of.faults.push_back({.is = is,
                         .when = draw.spread(1ms, 500ms),
                         .length = is == fault_kind::damaged_entries ? 1400ms : 0ms,
                         .amount = static_cast<std::size_t>(draw.below(cache_count))});
  }
  if (is != fault_kind::damaged_entries) return;
  // Each reply is older than the entry is then. Two such programs would only take twice the time.
  of.network.delay_min = 400us;
  of.network.delay_max = 800us;
  of.faults.resize(1);
}

/// A process that must not ask for the time meets entries that have ended.
void no_time(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.keys = 1;
  of.policy.ttl = draw.spread_ms(40ms, 200ms);
  of.policy.ttl_jitter = 0;
  make_processes(of, 2, 1);
  add_rounds(draw, of, of.processes[0].threads[0], 3, {call_kind::get}, 5ms);
  of.processes[1].starts = draw.between(100ms, 900ms);
  add_rounds(draw, of, of.processes[1].threads[0], 4, {call_kind::get, call_kind::peek}, 200ms);
  of.faults = {{.is = fault_kind::no_time, .when = 80ms, .length = 1500ms}};
}

/// Values that must not be stored, read by several processes.
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

/// Failures and successes in a row, without Redis.
void failing_alone(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.keys = 1;
  of.loader = {.shortest = 60ms, .longest = 250ms, .failing = 50};
  of.compares_at_the_end = false;
  of.faults_end = 20s;
  make_processes(of, 1, 1);
  auto& calls = of.processes[0].threads[0];
  for (unsigned i = 0; i < 40; ++i) {
    calls.push_back(call(draw, of, call_kind::get));
    calls.back().cache = 0;
    calls.push_back(rest(draw, 20ms, 800ms));
  }
  of.faults = {{.is = fault_kind::crash_server, .when = 1us, .length = 20s}};
}

/// More invalidations than the client keeps.
void full_journal(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.keys = 3;
  of.options.invalidations_max = draw.one_of<std::size_t>({1, 2, 3});
  of.compares_at_the_end = false;
  make_processes(of, 1, 1 + draw.below(2));
  add_rounds(draw, of, 6, {call_kind::write, call_kind::write, call_kind::get}, 5ms);
  of.faults = {{.is = fault_kind::crash_server, .when = 1us, .length = 1999ms}};
}

/// A server that refuses its clients: each greeting, or each lease.
void refusing_server(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.compares_at_the_end = false;
  make_processes(of, 1 + draw.below(2), 1 + draw.below(2));
  add_rounds(draw, of, 3, {call_kind::get, call_kind::get_or_load, call_kind::write}, 100ms);
  of.has_wrong_password = draw.chance(50);
  if (!of.has_wrong_password)
    of.faults = {{.is = fault_kind::no_permission, .when = 0us, .length = 1999ms}};
}

/// One reply is lost, comes twice, or is another one.
void one_lie(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.keys = 3;
  of.options.silence_max = 60ms;
  make_processes(of, 2, 1 + draw.below(2));
  of.processes[1].starts = draw.spread(1ms, 60ms);
  add_rounds(draw, of, 8, {call_kind::get, call_kind::get, call_kind::write}, 20ms);
  const auto is = draw.one_of({fault_kind::drop_reply, fault_kind::double_reply,
                               fault_kind::change_reply, fault_kind::change_reply});
  of.faults = {{.is = is, .when = draw.spread(1ms, 100ms)}};
  if (is == fault_kind::double_reply && draw.chance(50)) {
    of.faults.push_back(of.faults[0]);
    of.faults.push_back({.is = fault_kind::no_invalidation, .when = 500us, .length = 300ms});
  }
}

/// The server comes back with an earlier snapshot, and perhaps without the process that has
/// invalidated since.
void snapshot(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.keys = 1 + static_cast<unsigned>(draw.below(2));
  of.policy.ttl = 60s;
  of.policy.grace = draw.one_of({0ms, 60'000ms});
  of.settle = 4s;
  make_processes(of, 2, 1);
  add_rounds(draw, of, of.processes[0].threads[0], 8,
             {call_kind::get, call_kind::get, call_kind::write}, 100ms);
  of.processes[1].starts = draw.spread(1ms, 900ms);
  add_rounds(draw, of, of.processes[1].threads[0], 6, {call_kind::get}, 400ms);
  const virtual_time when = draw.spread(100ms, 800ms);
  of.faults = {{.is = fault_kind::restore_server,
                .when = when,
                .length = draw.spread(1ms, 200ms),
                .amount = static_cast<std::size_t>(draw.below(6))}};
  if (draw.chance(60)) {
    of.faults.push_back(
        {.is = fault_kind::kill_process, .when = draw.spread(50ms, 800ms), .process = 1});
  }
}

/// Invalidations that the server refuses for a time, beside reads.
void refused_invalidations(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.keys = 1;
  of.policy.grace = draw.one_of({0ms, 5000ms});
  make_processes(of, 1 + draw.below(2), 3);
  for (planned_process& process : of.processes) {
    add_rounds(draw, of, process.threads[0], 4, {call_kind::write, call_kind::get}, 60ms);
    add_rounds(draw, of, process.threads[1], 20, {call_kind::get}, 30ms);
    add_rounds(draw, of, process.threads[2], 20, {call_kind::get, call_kind::peek}, 30ms);
    for (auto& calls : process.threads) {
      for (planned_call& planned : calls) planned.cache = 0;
    }
  }
  for (virtual_time when = 1ms; when < 400ms; when += 120ms) {
    of.faults.push_back({.is = fault_kind::no_invalidation,
                         .when = when + draw.spread(1ms, 40ms),
                         .length = draw.spread(1ms, 70ms)});
  }
}

/// Many calls with limits at once, or such calls within loads.
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

/// The server closes connections that are not used.
void idle_connections(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.idle_max = draw.spread(20ms, 100ms);
  make_processes(of, 1 + draw.below(2), 1 + draw.below(2));
  add_rounds(draw, of, 4, {call_kind::get, call_kind::get, call_kind::write}, 600ms);
}

/// Invalidations by other processes, while loads run for callers that wait.
void overtaken_loads(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.keys = 1;
  of.loader = {.shortest = 1ms, .longest = draw.spread(5ms, 100ms), .obedient = 100};
  make_processes(of, 2, 2);
  add_rounds(draw, of, 6, {call_kind::get, call_kind::get, call_kind::write}, 20ms);
}

}  // namespace

void draw_theme(plan& of) {
  drawer draw{of.seed ^ theme_stream};
  if (!draw.chance(themed_percent)) return;
  constexpr std::array themes{
      endless_limits,        replica,      other_programs,   no_time,         unstored,
      failing_alone,         full_journal, refusing_server,  one_lie,         snapshot,
      refused_invalidations, many_limited, idle_connections, overtaken_loads,
  };
  themes[draw.below(themes.size())](draw, of);
}

}  // namespace drover::world
