// SPDX-License-Identifier: MIT
// Themes in which the server, its connections or other programs are unusual.
#include "world/play/themes.hpp"

namespace drover::world::themes {

using namespace std::chrono_literals;

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

void frozen_server(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.options.connect_max = of.options.silence_max = draw.spread_ms(100ms, 5000ms);
  of.compares_at_the_end = false;
  make_processes(of, 1 + draw.below(2), 1 + draw.below(3));
  add_rounds(draw, of, 3, {call_kind::get}, 20ms);
  for (planned_process& process : of.processes) {
    for (auto& calls : process.threads) {
      for (planned_call& planned : calls) planned.deadline = draw.spread(20ms, 900ms);
    }
  }
  of.faults = {{.is = draw.one_of({fault_kind::freeze_server, fault_kind::crash_server}),
                .when = 1us,
                .length = 1999ms}};
}

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

void full_journal(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.keys = 3;
  of.options.invalidations_max = draw.one_of<std::size_t>({1, 2, 3});
  of.compares_at_the_end = false;
  make_processes(of, 1, 1 + draw.below(2));
  add_rounds(draw, of, 6, {call_kind::write, call_kind::write, call_kind::get}, 5ms);
  of.faults = {{.is = fault_kind::crash_server, .when = 1us, .length = 1999ms}};
}

void refusing_server(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.compares_at_the_end = false;
  make_processes(of, 1 + draw.below(2), 1 + draw.below(2));
  add_rounds(draw, of, 3, {call_kind::get, call_kind::get_or_load, call_kind::write}, 100ms);
  of.has_wrong_password = draw.chance(50);
  if (!of.has_wrong_password)
    of.faults = {{.is = fault_kind::no_permission, .when = 0us, .length = 1999ms}};
}

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

void idle_connections(drawer& draw, plan& of) {
  make_plain(draw, of);
  of.idle_max = draw.spread(20ms, 100ms);
  make_processes(of, 1 + draw.below(2), 1 + draw.below(2));
  add_rounds(draw, of, 4, {call_kind::get, call_kind::get, call_kind::write}, 600ms);
}

}  // namespace drover::world::themes
