// SPDX-License-Identifier: MIT
#include "audit/proxy/cold_plan.hpp"

#include <gtest/gtest.h>

#include <set>

namespace drover::audit::cold_plan_test {
namespace {

using namespace std::chrono_literals;

TEST(audit_cold_plan, WaitsForTheBaselineThenTakesTurnsWithTimeToSettle) {
  const std::vector<hot_key> hot{{0, "a:1", "a:*", 10, 100ms}, {0, "b:1", "b:*", 50, 1s}};
  cold_plan subject{{}, 1};
  std::map<std::string, moment> last;
  std::map<std::string, unsigned> times;
  for (moment now{}; now < 120s; now += 10ms) {
    const auto next = subject.next(hot, now);
    if (!next) continue;
    EXPECT_GE(now, 10s);
    if (times[next->pattern]++ > 0) {
      const moment settle = next->pattern == "a:*" ? moment{2s} : moment{5s};
      EXPECT_GE(now - last[next->pattern], settle);
    }
    last[next->pattern] = now;
    subject.done(*next, now, true);
  }
  EXPECT_EQ(subject.deletions(), times);
  EXPECT_GE(times["a:*"], 5U);
  EXPECT_GE(times["b:*"], 5U);
  EXPECT_LE(times["a:*"], 20U) << "the pauses get longer";
}

TEST(audit_cold_plan, DoesNotCountWhatWasGoneAlready) {
  const std::vector<hot_key> hot{{0, "a:1", "a:*", 10, 100ms}};
  cold_plan subject{{.baseline = 0s}, 1};
  unsigned tries = 0;
  for (moment now{}; now < 60s; now += 10ms) {
    if (const auto next = subject.next(hot, now)) {
      subject.done(*next, now, false);
      ++tries;
    }
  }
  EXPECT_EQ(subject.deletions().count("a:*"), 0U);
  EXPECT_GE(tries, 15U);
}

TEST(audit_cold_plan, ItsMomentsAreRandom) {
  const std::vector<hot_key> hot{{0, "a:1", "a:*", 10, 100ms}};
  std::set<moment> firsts;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    cold_plan subject{{.baseline = 0s}, seed};
    moment now{};
    while (!subject.next(hot, now)) now += 1ms;
    firsts.insert(now);
  }
  EXPECT_GE(firsts.size(), 15U);
}

}  // namespace
}  // namespace drover::audit::cold_plan_test
