// SPDX-License-Identifier: MIT
// What the simulated world has found in the library, as plans that show it whatever their seed.
#include <gtest/gtest.h>

#include "world/play/plans_for_test.hpp"
#include "world/play/schedule.hpp"

namespace drover::world::found_test {
namespace {

using namespace std::chrono_literals;
using call_kind = planned_call::kind;
using fault_kind = planned_fault::kind;

void expect_no_violation(plan planned) {
  planned.preemption = 0.2;
  for (planned.seed = 1; planned.seed <= 60; ++planned.seed) {
    for (const violation& seen : carry_out(planned).violations)
      ADD_FAILURE() << "seed " << planned.seed << ": " << seen.rule << ": " << seen.text;
  }
}

// The connection to a replica is given up again and again, which closes a running load to callers
// that ask Redis. They shared no load when Redis then refused them the lease.
TEST(world_found, ACallWhoseLeaseIsRefusedSharesTheLoadThatRuns) {
  plan made = small_plan(sabotage::none, {});
  made.processes[0].threads = {{call_of(call_kind::get)},
                               {rest_of(150ms), call_of(call_kind::get)},
                               {rest_of(200ms), call_of(call_kind::get)}};
  made.loader = {.shortest = 300ms, .longest = 300ms};
  made.faults.push_back({.is = fault_kind::replica, .when = 1us, .length = 1s, .process = 1});
  expect_no_violation(made);
}

// The loader returned before the timer of `load_max` ran.
TEST(world_found, AResultThatCameInAPauseAfterLoadMaxIsNotStored) {
  plan made = small_plan(sabotage::none, {call_of(call_kind::get), call_of(call_kind::get)});
  made.policy.lease_ttl = made.policy.load_max = 900ms;
  made.loader = {.shortest = 100ms, .longest = 100ms};
  made.faults.push_back({.is = fault_kind::pause_process, .when = 50ms, .length = 1500ms});
  expect_no_violation(made);
}

// It found no thread at once, again and again, and looked at its stop token only in a wait.
TEST(world_found, ACallWithoutAThreadEndsAtItsStop) {
  planned_call limited = call_of(call_kind::get);
  limited.deadline = 400ms;
  limited.stop_after = 5ms;
  plan made = small_plan(sabotage::none, {limited});
  made.options.key_max = 1;
  made.faults.push_back({.is = fault_kind::no_threads, .when = 1us, .length = 300ms, .process = 1});
  expect_no_violation(made);
}

// It needs no thread, but waits with a call that does.
TEST(world_found, ACallWithItsOwnLoaderIsNotRefusedForLackOfAThread) {
  planned_call with_thread = call_of(call_kind::get);
  with_thread.deadline = 3ms;
  planned_call with_loader = call_of(call_kind::get_or_load);
  with_loader.stop_after = 1s;
  plan made = small_plan(sabotage::none, {});
  made.processes[0].threads = {{with_thread}, {with_loader}};
  made.faults.push_back({.is = fault_kind::no_threads, .when = 1us, .length = 300ms, .process = 1});
  expect_no_violation(made);
}

// Its lease came at the moment at which it had waited for too long.
TEST(world_found, ACallThatMayRunItsLoadItselfIsNotRefusedForLackOfAThread) {
  plan made = small_plan(sabotage::none, {call_of(call_kind::get)});
  made.policy.wait_max = 36ms;
  for (virtual_time when = 200us; when < 1500us; when += 20us) {
    made.faults = {{.is = fault_kind::pause_process, .when = when, .length = 1s, .process = 1}};
    expect_no_violation(made);
  }
}

// The client ended before the lease came that its refresh had asked for.
TEST(world_found, AClientThatEndsLeavesNoLeaseThatItHasAskedFor) {
  plan made = small_plan(sabotage::none, {call_of(call_kind::refresh), call_of(call_kind::expire)});
  made.compares_at_the_end = false;
  made.processes.push_back(made.processes[0]);
  made.processes[1].starts = 200ms;
  made.processes[1].threads = {{call_of(call_kind::get)}};
  for (made.network.delay_max = 60us; made.network.delay_max < 400us;
       made.network.delay_max += 10us) {
    made.network.delay_min = made.network.delay_max / 2;
    expect_no_violation(made);
  }
}

// Its refresh had asked to lead, because the value was about to end, and the client ended before
// the answer came.
TEST(world_found, AClientThatEndsLeavesNoLeaseThatItsLateRefreshHasAskedFor) {
  for (virtual_time rest = 20us; rest < 400us; rest += 20us) {
    plan made = small_plan(sabotage::none, {call_of(call_kind::get), rest_of(40ms),
                                            call_of(call_kind::get), rest_of(rest)});
    made.compares_at_the_end = false;
    made.network.delay_min = made.network.delay_max = 30us;
    made.policy.ttl = 50ms;
    made.policy.grace = 0ms;
    made.policy.early_beta = 10;
    made.loader = {.shortest = 5ms, .longest = 5ms};
    made.processes.push_back(made.processes[0]);
    made.processes[1].starts = 52ms;
    made.processes[1].threads = {{call_of(call_kind::get)}};
    expect_no_violation(made);
  }
}

// The server had frozen behind its renewal, so the next one was held back, and its lease named a
// connection that was gone.
TEST(world_found, AProcessDoesNotTakeOverItsOwnLease) {
  plan made = small_plan(sabotage::none, {call_of(call_kind::get)});
  made.processes[0].threads.push_back({rest_of(1650ms), call_of(call_kind::get)});
  made.compares_at_the_end = false;
  made.options.silence_max = 100ms;
  made.policy.lease_ttl = 3s;
  made.policy.load_max = 10s;
  made.loader = {.shortest = 4s, .longest = 4s};
  made.faults = {{.is = fault_kind::freeze_server, .when = 990ms, .length = 300ms, .process = 1}};
  expect_no_violation(made);
}

// Scripts were refused, and the second connection could not be made: the completion that tried it
// threw, and nobody got its answer.
TEST(world_found, WithoutAFileDescriptorForTransactionsACallEnds) {
  plan made = small_plan(sabotage::none, {call_of(call_kind::get)});
  made.compares_at_the_end = false;
  for (virtual_time when = 200us; when < 4ms; when += 100us) {
    made.faults = {
        {.is = fault_kind::no_permission, .when = 1us, .length = 2s, .process = 1, .amount = 1},
        {.is = fault_kind::no_descriptors, .when = when, .length = 1s, .process = 1}};
    expect_no_violation(made);
  }
}

}  // namespace
}  // namespace drover::world::found_test
