// SPDX-License-Identifier: MIT
// Each rule of the simulated world, shown to notice what it looks for: programs that make a mistake
// on purpose are caught, and by the right rule.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <utility>

#include "world/play/campaign.hpp"
#include "world/play/plans_for_test.hpp"
#include "world/play/schedule.hpp"

namespace drover::world::mistakes_test {
namespace {

using namespace std::chrono_literals;
using call_kind = planned_call::kind;

/// Reads a value, and again when its ttl has passed.
plan read_twice(sabotage wrong, call_kind second) {
  plan made = small_plan(wrong, {call_of(call_kind::get), rest_of(300ms), call_of(second)});
  made.policy.ttl = 50ms;
  made.policy.ttl_jitter = 0;
  return made;
}

plan old_get() { return read_twice(sabotage::keeps_too_long, call_kind::get); }
plan old_peek() { return read_twice(sabotage::keeps_too_long, call_kind::peek); }
plan old_get_or_load() { return read_twice(sabotage::keeps_too_long, call_kind::get_or_load); }

/// Reads what it has invalidated, without a load of its own.
plan stale_peek() {
  return small_plan(sabotage::skips_invalidations,
                    {call_of(call_kind::get), call_of(call_kind::write), call_of(call_kind::peek)});
}

plan stale_get_or_load() {
  return small_plan(
      sabotage::skips_invalidations,
      {call_of(call_kind::get), call_of(call_kind::write), call_of(call_kind::get_or_load)});
}

plan late_results() {
  plan made = small_plan(sabotage::stores_late, {call_of(call_kind::get), call_of(call_kind::get)});
  made.policy.lease_ttl = made.policy.load_max = 100ms;
  made.loader.hanging = 100;
  return made;
}

plan without_writes(sabotage wrong) {
  plan made = busy_plan(wrong);
  for (auto& process : made.processes) {
    for (auto& calls : process.threads)
      std::erase_if(calls, [](const planned_call& call) { return call.is == call_kind::write; });
  }
  return made;
}

/// The server is down for the whole schedule.
plan away(plan made) {
  made.faults.push_back(
      {.is = planned_fault::kind::crash_server, .when = 1us, .length = 1500ms, .process = 1});
  return made;
}

plan twice() { return without_writes(sabotage::loads_twice); }
plan twice_without_redis() { return away(without_writes(sabotage::loads_twice)); }

/// Three keys at once, and one turn.
plan too_many_turns() {
  plan made = away(small_plan(sabotage::loads_freely, {}));
  made.keys = 3;
  made.policy.bypass_max = 1;
  made.loader = {.shortest = 20ms, .longest = 20ms};
  made.processes[0].threads = {
      {call_of(call_kind::get, 0)}, {call_of(call_kind::get, 1)}, {call_of(call_kind::get, 2)}};
  return made;
}

template <call_kind Kind>
plan late_call() {
  return small_plan(sabotage::comes_late, {call_of(Kind)});
}

plan spinning() { return small_plan(sabotage::spins, {call_of(call_kind::get)}); }

plan slow_drain() {
  planned_call limited = call_of(call_kind::get);
  limited.deadline = 20ms;
  plan made = small_plan(sabotage::drains_slowly, {limited});
  made.loader = {.shortest = 3s, .longest = 3s};
  made.compares_at_the_end = false;
  made.processes[0].drains = true;
  return made;
}

plan lasting_fault() {
  plan made = busy_plan(sabotage::none);
  made.faults.push_back(
      {.is = planned_fault::kind::loading, .when = 1ms, .length = 1h, .process = 1});
  return made;
}

plan no_hits() {
  plan made = busy_plan(sabotage::none);
  made.faults.push_back(
      {.is = planned_fault::kind::no_permission, .when = 1ms, .length = 1h, .process = 1});
  return made;
}

/// Reads from a server that was a replica before the process connected.
plan trusted_replica() {
  plan made = small_plan(sabotage::trusts_replicas,
                         {call_of(call_kind::get), rest_of(5ms), call_of(call_kind::get)});
  made.processes[0].starts = 10ms;
  made.faults.push_back(
      {.is = planned_fault::kind::replica, .when = 1us, .length = 1s, .process = 1});
  return made;
}

/// ... that became one, and has refused a write.
plan trusted_former_master() {
  plan made = small_plan(sabotage::trusts_replicas,
                         {call_of(call_kind::get), rest_of(20ms), call_of(call_kind::write),
                          rest_of(1300ms), call_of(call_kind::get)});
  made.faults.push_back(
      {.is = planned_fault::kind::replica, .when = 15ms, .length = 1900ms, .process = 1});
  return made;
}

plan refused_client(sabotage wrong) {
  plan made = small_plan(wrong, {call_of(call_kind::get)});
  made.compares_at_the_end = false;
  return made;
}

plan misjudged_password() {
  plan made = refused_client(sabotage::misjudges_its_server);
  made.has_wrong_password = true;
  return made;
}

plan misjudged_permission() {
  plan made = refused_client(sabotage::misjudges_its_server);
  made.faults.push_back(
      {.is = planned_fault::kind::no_permission, .when = 0us, .length = 1s, .process = 1});
  made.processes[0].starts = 1ms;
  return made;
}

plan untold_drops() {
  plan made = away(small_plan(sabotage::forgets_what_it_drops,
                              {call_of(call_kind::write, 0), call_of(call_kind::write, 1)}));
  made.options.invalidations_max = 1;
  made.compares_at_the_end = false;
  return made;
}

plan early_timeout() {
  planned_call limited = call_of(call_kind::get);
  limited.deadline = 1s;
  return small_plan(sabotage::times_out_early, {limited});
}

/// Waits for a server that is down, until the deadline.
plan late_origin() {
  planned_call limited = call_of(call_kind::get);
  limited.deadline = 1s;
  plan made = away(small_plan(sabotage::times_out_late, {limited}));
  made.compares_at_the_end = false;
  return made;
}

plan untold_loads() {
  plan made = small_plan(sabotage::claims_nothing, {call_of(call_kind::get)});
  made.loader.shortest = made.loader.longest = 20ms;
  return made;
}

/// Reads again when the pause after its first failure is long over, but not the longest one.
plan repeated_failure() {
  plan made = away(small_plan(sabotage::repeats_failures,
                              {call_of(call_kind::get), rest_of(200ms), call_of(call_kind::get)}));
  made.loader = {.shortest = 20ms, .longest = 20ms, .failing = 100};
  made.compares_at_the_end = false;
  return made;
}

/// A call with a long deadline within a load takes longer than the load that it waits for.
plan slow_within_a_load() {
  plan made = small_plan(sabotage::is_slow_within_loads, {call_of(call_kind::get)});
  made.loader.nested = made.loader.limited = 100;
  made.policy.early_beta = 0;
  return made;
}

/// A process waits for the load of another one although the value must not be stored.
plan one_after_another() {
  plan made = small_plan(sabotage::is_slow_beside_loads, {call_of(call_kind::get)});
  made.policy.uncacheable_ttl = 10s;
  made.loader = {.shortest = 300ms, .longest = 300ms, .unstored = 100};
  made.policy.early_beta = 0;
  made.processes.push_back(made.processes[0]);
  made.processes.push_back(made.processes[0]);
  made.processes[1].threads = {{rest_of(700ms), call_of(call_kind::get)}};
  made.processes[2].threads = {{rest_of(750ms), call_of(call_kind::get)}};
  made.compares_at_the_end = false;
  return made;
}

/// The old snapshot comes back, and nobody repeats the invalidation.
plan unrepeated_invalidation() {
  plan made = small_plan(sabotage::stores_unfenced,
                         {call_of(call_kind::get), rest_of(100ms), call_of(call_kind::write)});
  made.policy.ttl = 60s;
  return made;
}

plan wrong_counts() {
  plan made = busy_plan(sabotage::miscounts);
  for (auto& process : made.processes) process.drains = true;
  return made;
}

template <sabotage Wrong>
plan busy() {
  return busy_plan(Wrong);
}

struct caught_mistake {
  const char* name;
  plan (*make)();
  const char* rule;
};

void PrintTo(const caught_mistake& mistake, std::ostream* out) { *out << mistake.name; }

class world_mistakes : public testing::TestWithParam<caught_mistake> {};

TEST_P(world_mistakes, AreNoticedByTheirRule) {
  const result got = carry_out(GetParam().make(), {.steps_max = 200'000});
  std::string seen;
  for (const violation& one : got.violations) seen += one.rule + ": " + one.text + '\n';
  EXPECT_TRUE(is_reported(got, GetParam().rule))
      << "the rule " << GetParam().rule << "; reported instead:\n"
      << seen;
}

constexpr caught_mistake mistakes[] = {
    {"SkipsInvalidations", busy<sabotage::skips_invalidations>, "stale"},
    {"StoresUnfenced", busy<sabotage::stores_unfenced>, "stale"},
    {"PeeksWhatItInvalidated", stale_peek, "stale"},
    {"GetsOrLoadsWhatItInvalidated", stale_get_or_load, "stale"},
    {"GetsAnOldValue", old_get, "old"},
    {"PeeksAtAnOldValue", old_peek, "old"},
    {"GetsOrLoadsAnOldValue", old_get_or_load, "old"},
    {"MixesKeys", busy<sabotage::mixes_keys>, "identity"},
    {"LosesItsPlace", busy<sabotage::loses_its_place>, "identity"},
    {"DamagesValues", busy<sabotage::damages_values>, "mixed"},
    {"InventsVersions", busy<sabotage::invents_versions>, "future"},
    {"StoresLateResults", late_results, "late_result"},
    {"ServesEndedLoads", busy<sabotage::serves_ended_loads>, "bypassed"},
    {"ClaimsLoads", busy<sabotage::claims_loads>, "claimed"},
    {"LoadsTwice", twice, "twice"},
    {"LoadsTwiceWithoutRedis", twice_without_redis, "twice"},
    {"TakesTooManyTurns", too_many_turns, "turns"},
    {"GetsLate", late_call<call_kind::get>, "late"},
    {"GetsOrLoadsLate", late_call<call_kind::get_or_load>, "late"},
    {"PeeksLate", late_call<call_kind::peek>, "late"},
    {"RefreshesLate", late_call<call_kind::refresh>, "late"},
    {"InvalidatesLate", late_call<call_kind::write>, "late"},
    {"ExpiresLate", late_call<call_kind::expire>, "late"},
    {"DrainsSlowly", slow_drain, "late"},
    {"IsSlow", busy<sabotage::is_slow>, "slow"},
    {"NeverEnds", busy<sabotage::never_ends>, "hang"},
    {"NeverRests", busy<sabotage::never_rests>, "endless"},
    {"Spins", spinning, "busy"},
    {"RefusesForNoReason", busy<sabotage::refuses_for_no_reason>, "refused"},
    {"FailsForNoReason", busy<sabotage::fails_for_no_reason>, "refused"},
    {"ThrowsErrors", busy<sabotage::throws_errors>, "exception"},
    {"ThrowsForeignFailures", busy<sabotage::throws_foreign_failures>, "foreign_failure"},
    {"ThrowsFalseFailures", busy<sabotage::throws_false_failures>, "foreign_failure"},
    {"StaysAway", lasting_fault, "recovery"},
    {"StoresNothing", no_hits, "recovery"},
    {"Miscounts", wrong_counts, "counters"},
    {"TrustsAReplica", trusted_replica, "replica"},
    {"TrustsAFormerMaster", trusted_former_master, "replica"},
    {"BreaksAConnection", busy<sabotage::breaks_connections>, "lost"},
    {"TakesARefusalForAnOutage", misjudged_password, "availability"},
    {"TakesAWithdrawnPermissionForAnOutage", misjudged_permission, "availability"},
    {"SkipsInvalidationsThatItTakesForDone", busy<sabotage::skips_invalidations>, "stored"},
    {"DropsInvalidationsSilently", untold_drops, "counters"},
    {"TimesOutBeforeTheDeadline", early_timeout, "refused"},
    {"GivesRedisTheWholeDeadline", late_origin, "refused"},
    {"ClaimsNoLoad", untold_loads, "claimed"},
    {"TakesLoadsForStopped", busy<sabotage::takes_loads_for_stopped>, "stopped"},
    {"RepeatsAFailure", repeated_failure, "foreign_failure"},
    {"FailsWithNoise", busy<sabotage::fails_with_noise>, "text"},
    {"IsSlowWithinALoad", slow_within_a_load, "slow"},
    {"LoadsOneAfterAnother", one_after_another, "slow"},
    {"RepeatsNoInvalidation", unrepeated_invalidation, "repeated"},
    {"LeaksMemory", busy<sabotage::leaks_memory>, "leak"},
    {"LeaksDescriptors", busy<sabotage::leaks_descriptors>, "leak"},
    {"ClosesTwice", busy<sabotage::closes_twice>, "descriptor"},
    {"SendsUnknownCommands", busy<sabotage::sends_unknown_commands>, "harness"},
};

INSTANTIATE_TEST_SUITE_P(all, world_mistakes, testing::ValuesIn(mistakes),
                         [](const auto& one) { return std::string{one.param.name}; });

TEST(world_schedule, WithoutAMistakeNothingIsReported) {
  const result got = carry_out(busy_plan(sabotage::none));
  for (const violation& seen : got.violations) ADD_FAILURE() << seen.rule << ": " << seen.text;
  EXPECT_GT(got.calls, 40U);
}

/// Five schedules; the one with this seed makes the mistake.
tally campaign_with(sabotage wrong, std::uint64_t seed) {
  return run_campaign({.first_seed = 98,
                       .schedules = 5,
                       .jobs = 1,
                       .longest = {},
                       .longest_schedule = 2s,
                       .plans = [=](std::uint64_t drawn) {
                         return busy_plan(drawn == seed ? wrong : sabotage::none);
                       }});
}

void expect_one_failure(const tally& sum, std::uint64_t seed, const std::string& rule) {
  EXPECT_EQ(sum.schedules, 5U) << "no other schedule is lost";
  EXPECT_EQ(sum.failed, 1U);
  ASSERT_EQ(sum.failures.size(), 1U);
  EXPECT_EQ(sum.failures[0].seed, seed);
  EXPECT_EQ(sum.failures[0].first.rule, rule);
}

TEST(world_campaign, ReportsACrashWithItsSeedAndGoesOn) {
  expect_one_failure(campaign_with(sabotage::crashes, 99), 99, "crash");
}

TEST(world_campaign, ReportsALoopWithoutSystemCallsWithItsSeedAndGoesOn) {
  expect_one_failure(campaign_with(sabotage::loops, 101), 101, "endless");
}

TEST(world_campaign, ReportsAScheduleThatDoesNotRepeat) {
  expect_one_failure(campaign_with(sabotage::remembers_schedules, 100), 100, "repeat");
}

}  // namespace
}  // namespace drover::world::mistakes_test
