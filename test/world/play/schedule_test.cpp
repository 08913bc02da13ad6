// SPDX-License-Identifier: MIT
// What the simulated world does with schedules: repeats, reduces, enumerates and counts them.
#include "world/play/schedule.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <ostream>
#include <string>

#include "world/play/campaign.hpp"
#include "world/play/plans_for_test.hpp"
#include "world/play/reduce.hpp"
#include "world/play/report.hpp"
#include "world/play/sweep.hpp"

namespace drover::world::schedule_test {
namespace {

using namespace std::chrono_literals;

TEST(world_schedule, TheSameSeedGivesTheSameSchedule) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const plan planned = plan_of(seed);
    EXPECT_EQ(carry_out(planned).fingerprint, carry_out(planned).fingerprint) << "seed " << seed;
  }
}

TEST(world_reduce, KeepsOnlyWhatTheViolationNeeds) {
  plan failing = busy_plan(sabotage::skips_invalidations);
  failing.loader.absent = 5;
  failing.faults.push_back({.is = planned_fault::kind::flush_scripts, .when = 3ms, .process = 1});
  const plan smallest = reduce(failing, "stale");
  EXPECT_TRUE(is_reported(carry_out(smallest), "stale"));
  EXPECT_TRUE(smallest.faults.empty());
  std::size_t calls = 0;
  for (const auto& process : smallest.processes) {
    for (const auto& thread : process.threads) calls += thread.size();
  }
  EXPECT_LE(calls, 3U) << describe(smallest);
}

TEST(world_sweep, VisitsEveryMomentAndReportsTheFirstViolation) {
  plan of = busy_plan(sabotage::none);
  of.processes.resize(1);
  of.processes[0].threads.resize(1);
  const enumeration clean = sweep("reset", of, [](plan& changed, virtual_time when) {
    changed.faults.push_back({.is = planned_fault::kind::reset, .when = when, .process = 1});
  });
  EXPECT_GT(clean.schedules, 100U);
  EXPECT_EQ(clean.failed, 0U) << clean.first->text << '\n' << clean.first_plan;
  of.wrong = sabotage::mixes_keys;
  const enumeration broken = sweep("reset", of, [](plan&, virtual_time) {});
  EXPECT_EQ(broken.failed, broken.schedules);
  EXPECT_EQ(broken.first->rule, "identity");
}

TEST(world_explore, GoesThroughEveryOrderOnce) {
  plan of = busy_plan(sabotage::none);
  of.processes.resize(1);
  for (auto& calls : of.processes[0].threads) calls.resize(1);
  of.compares_at_the_end = false;
  const enumeration without = explore("orders", of, 0, 100'000);
  const enumeration with_one = explore("orders", of, 1, 100'000);
  EXPECT_TRUE(without.is_complete);
  EXPECT_TRUE(with_one.is_complete);
  EXPECT_GT(with_one.schedules, without.schedules);
  EXPECT_EQ(with_one.failed, 0U);
  EXPECT_FALSE(explore("orders", of, 1, 10).is_complete);
}

TEST(world_campaign, TheSumDoesNotDependOnTheNumberOfJobs) {
  const tally alone = run_campaign({.first_seed = 1, .schedules = 60, .jobs = 1, .longest = {}});
  const tally shared = run_campaign({.first_seed = 1, .schedules = 60, .jobs = 3, .longest = {}});
  EXPECT_EQ(alone.schedules, 60U);
  EXPECT_EQ(shared.schedules, 60U);
  EXPECT_EQ(alone.steps, shared.steps);
  EXPECT_EQ(alone.calls, shared.calls);
}

TEST(world_campaign, CountsTheProcessorTimeOfItsJobs) {
  const auto used_by_children = [] {
    rusage used{};
    ::getrusage(RUSAGE_CHILDREN, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  };
  const double before = used_by_children();
  const tally sum = run_campaign({.first_seed = 1, .schedules = 200, .jobs = 2, .longest = {}});
  EXPECT_GT(sum.processor_seconds, (used_by_children() - before) / 2);
}

TEST(world_campaign, AReportIsReadBackAsItWasWritten) {
  tally sum;
  sum.schedules = 50'000;
  sum.failed = 1;
  sum.steps = 7;
  sum.seeds_given = 50'200;
  sum.seen.add(overlap::fill_refused, 9);
  sum.failures.push_back({42, {"stale", "a text with \"quotes\""}});
  const std::string path =
      (std::filesystem::temp_directory_path() / "drover_world_report.json").string();
  write_report(path, 1, sum);
  const tally read = read_report(path);
  std::remove(path.c_str());
  EXPECT_EQ(read.schedules, 50'000U);
  EXPECT_EQ(read.seeds_given, 50'200U);
  EXPECT_EQ(read.seen.of(overlap::fill_refused), 9U);
  ASSERT_EQ(read.failures.size(), 1U);
  EXPECT_EQ(read.failures[0].first.text, "a text with \"quotes\"");
  EXPECT_FALSE(missing_overlaps(read).empty()) << "most overlaps were not reached";
}

}  // namespace
}  // namespace drover::world::schedule_test
