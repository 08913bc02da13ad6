// SPDX-License-Identifier: MIT
#include "world/play/schedule.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>

#include "world/play/universe.hpp"
#include "world/system/arena.hpp"

namespace drover::world {
namespace {

// Each violation beyond says nothing new.
constexpr std::size_t violations_max = 20;
// Far more than any work without a wait needs, and a few milliseconds.
constexpr std::uint64_t busy_steps = 5'000;

void check_what_is_left(universe& in) {
  for (const process* ended : in.processes) {
    if (!ended->is_alive) continue;
    const auto who = "process " + std::to_string(ended->number);
    if (in.prints()) arena::print_blocks_of(ended->number, stderr);
    if (const auto blocks = arena::blocks_of(ended->number); blocks != 0)
      in.report("leak", who + " has left " + std::to_string(blocks) + " blocks of memory");
    if (const auto files = in.net.open_descriptors(*ended); files != 0)
      in.report("leak", who + " has left " + std::to_string(files) + " descriptors open");
  }
  if (in.system.busiest() > busy_steps) {
    in.report("busy", "a thread took " + std::to_string(in.system.busiest()) +
                          " steps without waiting for anything");
  }
  if (in.net.misuses() > 0) in.report("descriptor", "a closed descriptor was used");
}

// Some call is told that it has loaded, if another one is told that it waited.
void check_who_loaded(universe& in) {
  const coverage& seen = in.found.seen;
  const bool may_be_untold =
      !in.planned.faults.empty() || in.planned.has_call(planned_call::kind::get_or_load) ||
      in.planned.has_call(planned_call::kind::refresh) ||
      seen.of(overlap::call_ended_by_deadline) + seen.of(overlap::call_ended_by_stop) +
              seen.of(overlap::call_saturated) + seen.of(overlap::load_failed) >
          0;
  if (may_be_untold) return;
  for (const load_record& load : in.database.loads()) {
    const bool is_untold = !load.is_claimed && !load.is_told_bypassed && !load.is_refresh;
    if (is_untold && load.is_told_joined)
      in.report("claimed", "no caller was told that it loaded " + name_of(load.of) + " (load " +
                               std::to_string(&load - in.database.loads().data()) + ")");
  }
}

void name_the_stuck(universe& in) {
  for (const auto& left : in.system.threads()) {
    if (!left->owner->is_alive || left->at == thread::state::ended) continue;
    in.report("hang", "thread " + std::to_string(left->number) + " of process " +
                          std::to_string(left->owner->number) + " never ends");
  }
}

}  // namespace

universe::universe(const plan& of, choices& decide, const run_options& with)
    : planned{of},
      options{with},
      system{decide, of.seed ^ 0x5DEECE66DU},
      redis{system, of.has_wrong_password ? "another" : ""},
      net{system, redis},
      database{of.loader.absent} {
  system.set_spurious(of.spurious);
  for (const planned_process& added : of.processes) {
    process& made = system.add_process();
    made.drift_ppm = added.drift_ppm;
    // No two machines show the same time, and none that of the server.
    made.monotonic_begin = std::chrono::hours{1 + 37 * made.number} +
                           virtual_time{static_cast<std::int64_t>(system.draw(1'000'000'000))};
    made.wall_step = virtual_time{static_cast<std::int64_t>(system.draw(20'000'000'000))} -
                     std::chrono::seconds{10};
    processes.push_back(&made);
    net.path_of(made.number) = of.network;
    connections[made.number] = {};
  }
}

void universe::report(std::string_view rule, const std::string& text) {
  const arena::on_account_of account{arena::harness};
  if (prints()) print("VIOLATION " + std::string{rule} + ": " + text);
  if (found.violations.size() < violations_max)
    found.violations.push_back({std::string{rule}, text});
}

void universe::count_get(row of, int change) {
  const arena::on_account_of account{arena::harness};
  running_gets[of] += change;
}

void universe::note_grant(unsigned process_number, row of, bool by_a_turn) {
  const arena::on_account_of account{arena::harness};
  grants& of_row = granted[{process_number, of}];
  (by_a_turn ? of_row.by_turn : of_row.by_redis).push_back(system.now());
}

universe::grant universe::take_grant(unsigned process_number, row of) {
  grant taken{.since = system.now(), .may_be_turn = true};
  const auto of_row = granted.find({process_number, of});
  if (of_row == granted.end()) return taken;
  auto& [by_redis, by_turn] = of_row->second;
  // A load that has not begun by then never does.
  const virtual_time oldest = system.now() - virtual_time{planned.policy.load_max} * 21 / 20;
  for (auto* const of_kind : {&by_redis, &by_turn})
    std::erase_if(*of_kind, [oldest](virtual_time when) { return when < oldest; });
  taken.may_be_turn = !by_turn.empty() || by_redis.empty();
  // The call that got an older turn may have ended before its load.
  taken.is_certain_turn =
      by_redis.empty() && by_turn.size() == 1 && system.now() - by_turn.front() < work_max;
  for (auto* const of_kind : {&by_redis, &by_turn}) {
    if (of_kind->empty()) continue;
    taken.since = std::min(taken.since, of_kind->front());
    of_kind->erase(of_kind->begin());
  }
  return taken;
}

void universe::note_timeout(row of) {
  const arena::on_account_of account{arena::harness};
  timeouts[of] = system.now();
}

void universe::note_connection_loss(unsigned process_number) {
  const arena::on_account_of account{arena::harness};
  connection_losses[process_number] = system.now();
  connections[process_number] = {.has_been_up = true};
}

void universe::note_connection(unsigned process_number) {
  const arena::on_account_of account{arena::harness};
  connections[process_number] = {.has_been_up = true, .up_since = system.now()};
}

void universe::note_readonly(unsigned process_number) {
  const arena::on_account_of account{arena::harness};
  connection_facts& of = connections[process_number];
  if (!of.refused_since) of.refused_since = system.now();
}

void universe::note_sent_again(row of) {
  const arena::on_account_of account{arena::harness};
  sent_again.insert(of);
}

void universe::note_event(unsigned process_number, unsigned cache, event_kind kind) {
  const arena::on_account_of account{arena::harness};
  ++events[{process_number, cache}][kind];
}

void universe::note_lost_lease(unsigned process_number, row of) {
  const arena::on_account_of account{arena::harness};
  lost_leases[{process_number, of}] = system.now();
}

void universe::note_refresh(unsigned process_number, row of) {
  const arena::on_account_of account{arena::harness};
  refreshes[{process_number, of}] = system.now();
}

virtual_time universe::longest_delay() {
  virtual_time longest{};
  for (const process* user : processes)
    longest = std::max(longest, net.path_of(user->number).delay_max);
  return longest;
}

void universe::print(const std::string& event) {
  std::fprintf(stderr, "%10.3f ms  %s\n", static_cast<double>(system.now().count()) / 1e6,
               event.c_str());
}

result carry_out(const plan& planned, choices& decide, const run_options& with) {
  result copied;
  arena::begin();
  {
    auto in = std::make_unique<universe>(planned, decide, with);
    network::set_current(&in->net);
    for (std::size_t i = 0; i < planned.processes.size(); ++i)
      in->system.start(*in->processes[i], [&world = *in, i] { run_process(world, i); });
    schedule_faults(*in);
    in->system.record_moments(with.records_moments);
    const outcome ended = in->system.run(with.steps_max);
    if (ended == outcome::hung) name_the_stuck(*in);
    if (ended == outcome::hung && with.prints_events) in->system.print_stacks();
    if (ended == outcome::endless) in->report("endless", "the schedule takes too many steps");
    if (ended == outcome::unsupported) in->report("harness", in->system.refusal());
    if (ended == outcome::finished) check_what_is_left(*in);
    if (ended == outcome::finished) check_who_loaded(*in);
    in->found.fingerprint = in->system.fingerprint();
    in->found.steps = in->system.steps();
    in->found.moments = in->system.moments();
    network::set_current(nullptr);
    arena::end();
    copied = in->found;  // out of the memory of the schedule
  }
  return copied;
}

result carry_out(const plan& planned, const run_options& with) {
  random_choices decide{planned.seed ^ 0x2545F4914F6CDD1DU, planned.preemption};
  return carry_out(planned, decide, with);
}

}  // namespace drover::world
