// SPDX-License-Identifier: MIT
// The small scenarios of the exhaustive mode.
#include <algorithm>
#include <utility>

#include "world/play/sweep.hpp"

namespace drover::world {
namespace {

using namespace std::chrono_literals;
using call_kind = planned_call::kind;
using fault_kind = planned_fault::kind;

plan small_plan(std::vector<std::vector<std::vector<planned_call>>> processes) {
  plan made;
  made.seed = 1;
  made.preemption = 0;
  made.keys = 1;
  made.network.delay_max = made.network.delay_min;
  made.policy.ttl = 400ms;
  made.policy.ttl_jitter = 0;
  made.policy.early_beta = 0;
  made.policy.lease_ttl = 150ms;
  made.policy.load_max = 400ms;
  made.options.url = "redis://127.0.0.1:6379";
  made.options.connect_max = 100ms;
  made.options.silence_max = 100ms;
  made.options.spin = false;
  made.loader = {.shortest = 2ms, .longest = 2ms};
  made.faults_end = 100ms;
  made.settle = 8s;
  for (auto& threads : processes) {
    planned_process process;
    process.threads = std::move(threads);
    made.processes.push_back(std::move(process));
  }
  return made;
}

planned_call get() { return {.is = call_kind::get, .deadline = {}, .stop_after = {}}; }
planned_call write() { return {.is = call_kind::write, .deadline = {}, .stop_after = {}}; }
planned_call rest(virtual_time span) {
  return {.is = call_kind::rest, .span = span, .deadline = {}, .stop_after = {}};
}

/// Two processes want the same cold key, and one of them changes it.
plan get_and_write() { return small_plan({{{get(), get()}}, {{get(), write(), get()}}}); }
plan two_gets() { return small_plan({{{get()}}, {{get()}}}); }
plan one_process() { return small_plan({{{get()}, {get(), write(), get()}}}); }

planned_fault fault(fault_kind is, virtual_time when, virtual_time length, unsigned process) {
  return {.is = is, .when = when, .length = length, .process = process};
}

struct fault_sweep {
  fault_kind is;
  virtual_time length;
};

constexpr fault_sweep fault_sweeps[] = {
    {fault_kind::reset, 0ms},
    {fault_kind::kill_client, 0ms},
    {fault_kind::block, 60ms},
    {fault_kind::freeze_server, 60ms},
    {fault_kind::freeze_server, 250ms},
    {fault_kind::crash_server, 30ms},
    {fault_kind::lose_server, 30ms},
    {fault_kind::pause_process, 20ms},
    {fault_kind::pause_process, 400ms},
    {fault_kind::kill_process, 0ms},
    {fault_kind::step_server_clock, 1h},
    {fault_kind::step_server_clock, -1h},
    {fault_kind::out_of_memory, 50ms},
    {fault_kind::loading, 50ms},
    {fault_kind::replica, 50ms},
    {fault_kind::no_permission, 50ms},
    {fault_kind::flush_scripts, 0ms},
    {fault_kind::flush_keys, 0ms},
    {fault_kind::evict, 0ms},
    {fault_kind::no_threads, 50ms},
    {fault_kind::no_descriptors, 50ms},
};

std::vector<enumeration> sweep_faults() {
  std::vector<enumeration> all;
  for (const fault_sweep& swept : fault_sweeps) {
    for (const unsigned process : {1U, 2U}) {
      all.push_back(
          sweep(std::string{name_of(swept.is)} + " for " + std::to_string(swept.length / 1ms) +
                    " ms, process " + std::to_string(process),
                get_and_write(), [&](plan& of, virtual_time when) {
                  of.faults.push_back(fault(swept.is, when, swept.length, process));
                  of.faults_end = std::max<microseconds>(
                      of.faults_end, std::chrono::duration_cast<microseconds>(when + swept.length));
                }));
    }
  }
  return all;
}

enumeration sweep_deadlines(bool then_destroys) {
  plan of = one_process();
  of.compares_at_the_end = !then_destroys;
  return sweep(then_destroys ? "deadline at every step, then the cache is destroyed"
                             : "deadline at every step",
               of, [=](plan& changed, virtual_time when) {
                 auto& threads = changed.processes[0].threads;
                 threads[0][0].deadline = when;
                 if (then_destroys) threads.resize(1);
               });
}

enumeration sweep_stops() {
  return sweep("stop at every step", one_process(), [](plan& changed, virtual_time when) {
    changed.processes[0].threads[0][0].stop_after = when;
  });
}

/// A refresh and a load for a caller with a deadline run while the process ends.
enumeration sweep_ends(bool drops_client_first) {
  plan of = small_plan({{{get(),
                          rest(450ms),
                          {.is = call_kind::refresh, .deadline = {}, .stop_after = {}},
                          get()}}});
  of.policy.grace = 1s;
  of.processes[0].drops_client_first = drops_client_first;
  of.compares_at_the_end = false;
  return sweep(
      drops_client_first ? "destroyed at every step, the client first" : "destroyed at every step",
      of, [](plan& changed, virtual_time when) {
        auto& calls = changed.processes[0].threads[0];
        calls[3].deadline = 100us;
        calls.push_back(rest(std::max(when - 450ms, virtual_time{})));
      });
}

enumeration sweep_cuts(bool to_server, bool is_early) {
  const std::string name = std::string{"cut after every byte "} +
                           (to_server ? "to the server" : "to the process") +
                           (is_early ? ", in the handshake" : ", in use");
  plan of = one_process();
  if (!is_early) of.processes[0].threads[0].insert(of.processes[0].threads[0].begin(), rest(20ms));
  return sweep_bytes(
      name, of, is_early && to_server ? 2000 : 700, [=](plan& changed, std::size_t amount) {
        planned_fault cut = fault(to_server ? fault_kind::cut_to_server : fault_kind::cut_to_client,
                                  is_early ? virtual_time{200us} : virtual_time{15ms}, 0ms, 1);
        cut.amount = amount;
        changed.faults.push_back(cut);
      });
}

}  // namespace

void enumerate_all(std::uint64_t explored_max,
                   const std::function<void(const enumeration&)>& on_end) {
  on_end(sweep_deadlines(false));
  on_end(sweep_deadlines(true));
  on_end(sweep_stops());
  on_end(sweep_ends(false));
  on_end(sweep_ends(true));
  for (const bool to_server : {false, true}) {
    for (const bool is_early : {false, true}) on_end(sweep_cuts(to_server, is_early));
  }
  for (const enumeration& swept : sweep_faults()) on_end(swept);
  const std::pair<const char*, plan> explored[] = {
      {"two processes, two gets", two_gets()},
      {"one process, gets and a write", one_process()},
      {"two processes, gets and a write", get_and_write()},
  };
  for (const auto& [name, of] : explored) {
    plan calls_only = of;
    calls_only.compares_at_the_end = false;
    for (const unsigned preemptions : {0U, 1U, 2U}) {
      on_end(explore(std::string{name} + ", orders with " + std::to_string(preemptions) +
                         " preemptions at most",
                     calls_only, preemptions, explored_max));
    }
  }
}

}  // namespace drover::world
