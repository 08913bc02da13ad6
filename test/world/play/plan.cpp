// SPDX-License-Identifier: MIT
#include "world/play/plan.hpp"

#include <algorithm>

#include "world/play/drawer.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;

drover::policy draw_policy(drawer& draw) {
  drover::policy drawn;
  drawn.ttl = draw.spread_ms(40ms, 4000ms);
  if (draw.chance(50)) drawn.grace = draw.spread_ms(20ms, 8000ms);
  drawn.absent_ttl = draw.one_of({0ms, 50ms, 1000ms});
  drawn.early_beta = draw.one_of({0.0, 1.0, 4.0});
  drawn.ttl_jitter = draw.one_of({0.0, 0.1, 0.5});
  drawn.lease_ttl = draw.spread_ms(100ms, 1500ms);
  drawn.load_max = std::max(drawn.lease_ttl, draw.spread_ms(100ms, 3000ms));
  if (draw.chance(20)) drawn.wait_max = draw.spread_ms(5ms, 500ms);
  drawn.bypass_max = draw.one_of({1U, 2U, 8U});
  drawn.bypass_queue_max = draw.one_of<std::size_t>({1, 4, 10'000});
  drawn.uncacheable_ttl = draw.one_of({0ms, 100ms, 1000ms});
  drawn.failure_pause_max = draw.one_of({0ms, 100ms, 5000ms});
  drawn.share_failure_text = draw.chance(50);
  return drawn;
}

client_options draw_options(drawer& draw) {
  client_options drawn;
  drawn.url = "redis://127.0.0.1:6379";
  drawn.connect_max = draw.spread_ms(30ms, 800ms);
  drawn.silence_max = draw.spread_ms(30ms, 800ms);
  drawn.background_threads = draw.one_of({1U, 4U});
  drawn.deadline_threads_max = draw.one_of({1U, 2U, 256U});
  drawn.background_queue_max = draw.one_of<std::size_t>({1, 1000});
  if (draw.chance(10)) drawn.waiters_max = 2;
  if (draw.chance(10)) drawn.flights_max = 1;
  if (draw.chance(10)) drawn.invalidations_max = 1;
  drawn.server_keeps_writes = draw.chance(20);
  drawn.spin = draw.chance(50);
  if (draw.chance(4)) drawn.key_max = 1;
  if (draw.chance(8)) drawn.value_max = 40;
  if (draw.chance(8)) {
    drawn.reply_max = 8192;
    drawn.value_max = std::min<std::size_t>(drawn.value_max, 4096);
  }
  return drawn;
}

loader_plan draw_loader(drawer& draw, const drover::policy& with) {
  loader_plan drawn;
  drawn.shortest = draw.spread(20us, 5ms);
  drawn.longest = drawn.shortest + draw.spread(20us, microseconds{with.load_max} * 2 / 3);
  if (draw.chance(40)) drawn.failing = static_cast<unsigned>(draw.below(60));
  if (draw.chance(20)) drawn.hanging = static_cast<unsigned>(draw.below(30));
  if (draw.chance(40)) drawn.nested = static_cast<unsigned>(draw.below(60));
  if (drawn.nested > 0 && draw.chance(50)) drawn.escaping = 50;
  if (draw.chance(20)) drawn.obedient = static_cast<unsigned>(draw.below(100));
  if (draw.chance(20)) drawn.unstored = static_cast<unsigned>(draw.below(50));
  if (draw.chance(40)) drawn.absent = static_cast<unsigned>(draw.below(50));
  return drawn;
}

path draw_path(drawer& draw) {
  path drawn;
  drawn.delay_min = draw.spread(10us, 2ms);
  drawn.delay_max = drawn.delay_min + draw.spread(10us, 4ms);
  if (draw.chance(25)) drawn.slice_max = draw.one_of<std::size_t>({1, 7, 100});
  if (draw.chance(15)) drawn.window = draw.one_of<std::size_t>({4096, 16384});
  if (draw.chance(20)) drawn.duplicates = static_cast<unsigned>(draw.below(100));
  return drawn;
}

planned_call draw_call(drawer& draw, const plan& of, bool has_limits) {
  planned_call drawn;
  drawn.is = draw.one_of({planned_call::kind::get, planned_call::kind::get, planned_call::kind::get,
                          planned_call::kind::get, planned_call::kind::get_or_load,
                          planned_call::kind::write, planned_call::kind::expire,
                          planned_call::kind::refresh, planned_call::kind::peek,
                          planned_call::kind::rest, planned_call::kind::rest});
  drawn.cache = static_cast<unsigned>(draw.below(cache_count));
  drawn.key = static_cast<unsigned>(draw.below(of.keys));
  drawn.span = draw.spread(10us, 400ms);
  if (has_limits && draw.chance(40)) drawn.deadline = draw.spread(50us, 1500ms);
  if (has_limits && draw.chance(25)) drawn.stop_after = draw.spread(20us, 800ms);
  return drawn;
}

std::vector<planned_process> draw_processes(drawer& draw, const plan& of, bool has_limits) {
  const std::uint64_t processes = 1 + draw.below(4);
  const std::uint64_t threads_max = 1 + draw.below(4);
  const std::uint64_t calls_max = 2 + draw.below(10);
  std::vector<planned_process> drawn(processes);
  for (planned_process& process : drawn) {
    process.starts = draw.chance(70) ? microseconds{draw.below(1000)} : draw.spread(1ms, 500ms);
    if (draw.chance(20)) process.drift_ppm = static_cast<std::int64_t>(draw.below(20'000)) - 10'000;
    process.drains = draw.chance(50);
    process.drops_client_first = draw.chance(30);
    process.threads.resize(1 + draw.below(threads_max));
    for (auto& calls : process.threads) {
      const std::uint64_t count = 1 + draw.below(calls_max);
      for (std::uint64_t i = 0; i < count; ++i) calls.push_back(draw_call(draw, of, has_limits));
    }
  }
  return drawn;
}

std::vector<planned_fault> draw_faults(drawer& draw, const plan& of) {
  // Each schedule knows only some kinds of faults, so that rare combinations are not drowned.
  std::vector<planned_fault::kind> kinds(1 + draw.below(3));
  for (auto& kind : kinds)
    kind = static_cast<planned_fault::kind>(draw.below(planned_fault::drawn_kind_count));
  std::vector<planned_fault> drawn;
  const std::uint64_t count = 1 + draw.below(5);
  for (std::uint64_t i = 0; i < count; ++i) {
    planned_fault fault;
    fault.is = kinds[draw.below(kinds.size())];
    fault.when = draw.spread(100us, 1s);
    fault.length = std::min<virtual_time>(draw.spread(200us, 1800ms), of.faults_end - fault.when);
    const bool is_step = fault.is == planned_fault::kind::step_server_clock ||
                         fault.is == planned_fault::kind::step_wall_clock;
    if (is_step) fault.length = draw.spread(1ms, 1h) * (draw.chance(50) ? 1 : -1);
    if (fault.is == planned_fault::kind::slow) fault.length = draw.spread(1ms, 300ms);
    fault.process = 1 + static_cast<unsigned>(draw.below(of.processes.size()));
    fault.amount = static_cast<std::size_t>(draw.spread(1us, 4000us).count()) - 1;
    drawn.push_back(fault);
  }
  return drawn;
}

template <class Condition>
bool any_call(const plan& of, Condition holds) {
  return std::ranges::any_of(of.processes, [&](const planned_process& process) {
    return std::ranges::any_of(
        process.threads, [&](const auto& calls) { return std::ranges::any_of(calls, holds); });
  });
}

}  // namespace

bool is_of_process(planned_fault::kind kind) noexcept {
  using fault = planned_fault::kind;
  switch (kind) {
    case fault::reset:
    case fault::cut_to_server:
    case fault::cut_to_client:
    case fault::block:
    case fault::slow:
    case fault::pause_process:
    case fault::kill_process:
    case fault::step_wall_clock:
    case fault::kill_client:
    case fault::no_threads:
    case fault::no_descriptors:
    case fault::drop_reply:
    case fault::double_reply:
    case fault::change_reply: return true;
    default: return false;
  }
}

bool plan::has_limits() const noexcept {
  return any_call(*this, [](const planned_call& call) { return call.deadline || call.stop_after; });
}

bool plan::has_deadlines() const noexcept {
  return any_call(*this, [](const planned_call& call) { return call.deadline.has_value(); });
}

bool plan::has_fault(planned_fault::kind searched) const noexcept {
  return std::ranges::any_of(
      faults, [searched](const planned_fault& fault) { return fault.is == searched; });
}

bool plan::restarts_server() const noexcept {
  using kind = planned_fault::kind;
  return has_fault(kind::crash_server) || has_fault(kind::lose_server) ||
         has_fault(kind::restore_server);
}

bool plan::has_call(planned_call::kind searched) const noexcept {
  return any_call(*this, [searched](const planned_call& call) { return call.is == searched; });
}

bool plan::has_foreign_bytes() const noexcept {
  using kind = planned_fault::kind;
  return has_fault(kind::drop_reply) || has_fault(kind::double_reply) ||
         has_fault(kind::change_reply) || has_fault(kind::long_entry) ||
         has_fault(kind::failed_entry) || has_fault(kind::damaged_entries);
}

bool plan::is_calm() const noexcept {
  const client_options usual;
  const bool has_room = options.flights_max > 100 && options.waiters_max > 100 &&
                        options.key_max == usual.key_max && options.value_max == usual.value_max;
  return faults.empty() && idle_max == virtual_time{} && !has_wrong_password && has_room &&
         executor == executor_kind::none && !has_limits() && loader.failing == 0 &&
         loader.hanging == 0 && loader.nested == 0 && loader.unstored == 0;
}

plan plan_of(std::uint64_t seed) {
  drawer draw{seed};
  plan drawn;
  drawn.seed = seed;
  drawn.preemption = draw.one_of({0.0, 0.01, 0.05, 0.2, 0.7});
  drawn.keys = 1 + static_cast<unsigned>(draw.below(3));
  drawn.network = draw_path(draw);
  drawn.policy = draw_policy(draw);
  // While nothing is wrong, every load must be accounted for.
  const bool is_calm = draw.chance(15);
  if (!is_calm) drawn.options = draw_options(draw);
  drawn.loader = draw_loader(draw, drawn.policy);
  drawn.compares_at_the_end = !draw.chance(20);
  if (is_calm) {
    drawn.options.url = "redis://127.0.0.1:6379";
    drawn.loader.failing = drawn.loader.hanging = 0;
    drawn.loader.nested = drawn.loader.unstored = 0;
    if (draw.chance(50)) drawn.keys = 1;
    // Some loads outlast their first lease.
    if (draw.chance(40)) {
      drawn.policy.lease_ttl = duration{100};
      drawn.loader.longest = microseconds{drawn.policy.load_max} * 9 / 10;
    }
  }
  if (!is_calm && draw.chance(15))
    drawn.executor = draw.chance(40) ? executor_kind::threads : executor_kind::mixed;
  // A wait may end for no reason, also while nothing is wrong.
  drawn.spurious = draw.one_of({0U, 0U, 0U, 1U, 10U});
  drawn.processes = draw_processes(draw, drawn, !is_calm && draw.chance(60));
  if (!is_calm && draw.chance(85)) drawn.faults = draw_faults(draw, drawn);
  draw_theme(drawn);
  return drawn;
}

}  // namespace drover::world
