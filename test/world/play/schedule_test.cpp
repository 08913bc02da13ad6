// SPDX-License-Identifier: MIT
// The checks of the simulated world, shown to notice what they look for: programs that make a
// mistake on purpose are caught, and by the right rule.
#include "world/play/schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <ostream>
#include <string>

#include "world/play/campaign.hpp"
#include "world/play/reduce.hpp"
#include "world/play/report.hpp"
#include "world/play/sweep.hpp"

namespace drover::world::schedule_test {
namespace {

using namespace std::chrono_literals;
using call_kind = planned_call::kind;

planned_call call_of(call_kind is, unsigned key = 0) {
  return {.is = is, .key = key, .deadline = {}, .stop_after = {}};
}

/// Two processes read two keys again and again, and one of them changes them.
plan busy_plan(sabotage wrong) {
  plan made;
  made.wrong = wrong;
  made.seed = 5;
  made.options.url = "redis://127.0.0.1:6379";
  made.policy.ttl = 10s;
  made.keys = 2;
  made.settle = 1s;
  for (int i = 0; i < 2; ++i) {
    planned_process process;
    process.threads.resize(2);
    for (auto& calls : process.threads) {
      for (int round = 0; round < 4; ++round) {
        for (const unsigned key : {0U, 1U}) {
          calls.push_back(call_of(call_kind::get, key));
          if (i == 0) calls.push_back(call_of(call_kind::write, key));
        }
      }
    }
    made.processes.push_back(process);
  }
  return made;
}

bool is_reported(const result& got, std::string_view rule) {
  return std::ranges::any_of(got.violations,
                             [rule](const violation& seen) { return seen.rule == rule; });
}

struct caught_mistake {
  sabotage wrong;
  const char* rule;
};

void PrintTo(const caught_mistake& mistake, std::ostream* out) { *out << mistake.rule; }

class world_checks : public testing::TestWithParam<caught_mistake> {};

TEST_P(world_checks, NoticeAMistake) {
  const result got = carry_out(busy_plan(GetParam().wrong));
  EXPECT_TRUE(is_reported(got, GetParam().rule)) << "the rule " << GetParam().rule;
}

INSTANTIATE_TEST_SUITE_P(mistakes, world_checks,
                         testing::Values(caught_mistake{sabotage::skips_invalidations, "stale"},
                                         caught_mistake{sabotage::stores_unfenced, "stale"},
                                         caught_mistake{sabotage::mixes_keys, "identity"},
                                         caught_mistake{sabotage::damages_values, "mixed"},
                                         caught_mistake{sabotage::loses_its_place, "identity"},
                                         caught_mistake{sabotage::leaks_memory, "leak"},
                                         caught_mistake{sabotage::leaks_descriptors, "leak"},
                                         caught_mistake{sabotage::never_ends, "hang"}),
                         [](const auto& one) {
                           return std::string{one.param.rule} + std::to_string(one.index);
                         });

TEST(world_schedule, WithoutAMistakeNothingIsReported) {
  const result got = carry_out(busy_plan(sabotage::none));
  for (const violation& seen : got.violations) ADD_FAILURE() << seen.rule << ": " << seen.text;
  EXPECT_GT(got.calls, 40U);
}

TEST(world_schedule, ASecondLoadBesideOneIsNoticedWhileNothingIsWrong) {
  plan calm = busy_plan(sabotage::loads_twice);
  for (auto& process : calm.processes) {
    for (auto& calls : process.threads)
      std::erase_if(calls, [](const planned_call& call) { return call.is == call_kind::write; });
  }
  EXPECT_TRUE(is_reported(carry_out(calm), "twice"));
}

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

TEST(world_campaign, AReportIsReadBackAsItWasWritten) {
  tally sum;
  sum.schedules = 50'000;
  sum.failed = 1;
  sum.steps = 7;
  sum.seen.add(overlap::fill_refused, 9);
  sum.failures.push_back({42, {"stale", "a text with \"quotes\""}});
  const std::string path =
      (std::filesystem::temp_directory_path() / "drover_world_report.json").string();
  write_report(path, 1, sum);
  const tally read = read_report(path);
  std::remove(path.c_str());
  EXPECT_EQ(read.schedules, 50'000U);
  EXPECT_EQ(read.seen.of(overlap::fill_refused), 9U);
  ASSERT_EQ(read.failures.size(), 1U);
  EXPECT_EQ(read.failures[0].first.text, "a text with \"quotes\"");
  EXPECT_FALSE(missing_overlaps(read).empty()) << "most overlaps were not reached";
}

}  // namespace
}  // namespace drover::world::schedule_test
