// SPDX-License-Identifier: MIT
// C501 to C503: traffic for which each rule must report a finding, and for each of its conditions
// traffic for which it must not.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"
#include "base/random.hpp"

namespace drover::audit::waiting_rules_test {
namespace {

using namespace testing;

using status = coverage_line::status;
using std::chrono::microseconds;

constexpr const char* lock = "lock:user:42";

/// Client 1 loads under a lock. The load begins at `at` and takes `load`.
void load_under_lock(stage& world, microseconds at, microseconds load,
                     std::chrono::milliseconds lease = 5'000ms) {
  const std::string token = "t" + std::to_string(at.count());
  world.at(at).client(1).get(user).miss();
  world.at(at + 1ms).client(1).set(lock, token).nx().px(lease).ok();
  world.at(at + 2ms).client(1).get(user).miss();
  world.at(at + load).client(1).set(user, "v" + token).px(500ms).ok();
  world.at(at + load + 1ms).client(1).compare_and_delete(lock, token).answers(1);
}

/// The client polls the value from `at` to `until`, with pauses of `pause()`, and then reads it.
template <class Pause>
void wait_for(stage& world, std::uint64_t client, microseconds at, microseconds until,
              const std::string& value, Pause&& pause) {
  for (; at < until; at += pause()) world.at(at).client(client).get(user).miss();
  world.at(at).client(client).get(user).hit(value);
}

TEST(audit_c501, IsRaisedForWaitersWithoutAPause) {
  stage world;
  load_under_lock(world, 0ms, 300ms);
  wait_for(world, 2, 5ms, 300'300us, "vt0", [] { return 500us; });
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C501");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->pattern, "user:*");
  EXPECT_EQ(coverage_of(result, "C501"), status::fail);
}

TEST(audit_c501, IsSilentForADozenWaitersAt25Ms) {
  stage world;
  load_under_lock(world, 0ms, 5'000ms, 20'000ms);
  for (std::uint64_t client = 2; client <= 13; ++client) {
    wait_for(world, client, 5ms + 2ms * client, 5'001ms, "vt0", [] { return 25ms; });
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C501"), nullptr);
  EXPECT_EQ(coverage_of(result, "C501"), status::pass);
}

TEST(audit_c501, IsSilentForAShortBurst) {
  stage world;
  load_under_lock(world, 0ms, 50ms);
  wait_for(world, 2, 5ms, 50'300us, "vt0", [] { return 500us; });
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C501"), nullptr);
}

TEST(audit_c501, IsSilentWhileTheToolHoldsReplies) {
  stage world;
  load_under_lock(world, 0ms, 300ms);
  wait_for(world, 2, 5ms, 300'300us, "vt0", [] { return 500us; });
  world.at(1ms).tell(tool_acted{tool_acted::action_kind::miss_barrier, user, 1ms, 200ms});
  world.at(1s).client(3).get(user).miss();
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C501"), nullptr);
}

/// Six cold events with two waiters each.
template <class Pause>
stage waiting_with(Pause&& pause) {
  stage world;
  for (int i = 0; i < 6; ++i) {
    const auto at = 1'000ms * i;
    load_under_lock(world, at, 300ms);
    const std::string value = "vt" + std::to_string(microseconds{at}.count());
    for (std::uint64_t client = 2; client <= 3; ++client) {
      wait_for(world, client, at + 3ms + 11ms * client, at + 301ms, value, pause);
    }
  }
  return world;
}

TEST(audit_c502, IsRaisedForAFixedPause) {
  base::seeded_random random{5};
  const audit_result result =
      waiting_with([&] { return 50ms + microseconds{random.next() % 300}; }).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C502");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::info);
  EXPECT_TRUE(finding->message.find(" 50 ms (") != std::string::npos ||
              finding->message.find(" 51 ms (") != std::string::npos)
      << finding->message;
}

TEST(audit_c502, IsRaisedForPollsOfTheLock) {
  stage world;
  for (int i = 0; i < 6; ++i) {
    const auto at = 1'000ms * i;
    load_under_lock(world, at, 400ms);
    for (auto poll = at + 7ms; poll < at + 400ms; poll += 40ms) {
      world.at(poll).client(2).set(lock, "mine").nx().px(5'000ms).nil();
    }
    world.at(at + 420ms).client(2).get(user).hit("vt" + std::to_string(microseconds{at}.count()));
  }
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C502"), nullptr);
  EXPECT_EQ(find_finding(result, "C502")->pattern, "lock:user:*");
}

TEST(audit_c502, IsSilentForJitter) {
  base::seeded_random random{5};
  const audit_result result = waiting_with([&] {
                                return 20ms + microseconds{random.next() % 60'000};
                              }).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C502"), nullptr);
  EXPECT_EQ(coverage_of(result, "C502"), status::pass);
}

TEST(audit_c502, IsSilentForCallersThatComeOneBehindTheOther) {
  stage world;
  for (int i = 0; i < 8; ++i) {
    const auto at = 1'000ms * i;
    for (std::uint64_t client = 1; client <= 12; ++client) {
      world.at(at + 10ms * client).client(client).get(user).miss();
      world.at(at + 200ms + 10ms * client).client(client).set(user, "v").px(500ms).ok();
    }
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C502"), nullptr);
}

// More keys are cold at once than the rule remembers.
TEST(audit_c502, RemembersTheKeyThatIsPolledAmongManyOthers) {
  stage world;
  for (int i = 0; i < 6; ++i) {
    const auto at = 10'000ms * i;
    for (int poll = 0; poll < 8; ++poll) {
      world.at(at + poll * 50ms).client(2).get(user).miss();
      for (int other = 0; other < 600; ++other) {
        world.at(at + poll * 50ms + 1ms)
            .client(3)
            .get("other:" + std::to_string((i * 8 + poll) * 600 + other))
            .miss();
      }
    }
    world.at(at + 401ms).client(1).set(user, "v" + std::to_string(i)).px(5'000ms).ok();
    world.at(at + 405ms).client(2).get(user).hit("v" + std::to_string(i));
  }
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C502"), nullptr);
  EXPECT_EQ(find_finding(result, "C502")->pattern, "user:*");
}

TEST(audit_c502, SaysNothingOfFewQuestions) {
  stage world;
  load_under_lock(world, 0ms, 300ms);
  wait_for(world, 2, 5ms, 301ms, "vt0", [] { return 50ms; });
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C502"), nullptr);
  EXPECT_EQ(coverage_of(result, "C502"), status::not_exercised);
}

TEST(audit_c503, IsRaisedForAWaitOfMoreThanTwoLeases) {
  stage world;
  load_under_lock(world, 0ms, 100ms, 500ms);
  world.at(800ms).client(1).get(user).miss();
  world.at(801ms).client(1).set(lock, "x").nx().px(500ms).ok();
  for (auto at = 805ms; at < 2'500ms; at += 40ms) world.at(at).client(2).get(user).miss();
  world.at(5s).client(1).get("user:1").miss();
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C503");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::info);
  EXPECT_EQ(finding->count, 1U);
  EXPECT_EQ(finding->evidence_list.size(), 1U);
}

TEST(audit_c503, IsSilentForWaitsWithinTwoLeases) {
  stage world;
  load_under_lock(world, 0ms, 800ms, 500ms);
  wait_for(world, 2, 5ms, 801ms, "vt0", [] { return 40ms; });
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C503"), nullptr);
}

TEST(audit_c503, IsSilentForALockThatIsLostAtEachOfManyColdEvents) {
  stage world;
  for (int i = 0; i < 10; ++i) {
    const auto at = 900ms * i;
    load_under_lock(world, at, 200ms, 500ms);
    for (auto poll = at + 5ms; poll < at + 200ms; poll += 40ms) {
      world.at(poll).client(2).get(user).miss();
      world.at(poll + 1ms).client(2).set(lock, "mine").nx().px(500ms).nil();
    }
    world.at(at + 240ms).client(2).get(user).hit("vt" + std::to_string(microseconds{at}.count()));
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C503"), nullptr);
  EXPECT_EQ(coverage_of(result, "C503"), status::pass);
}

TEST(audit_waiting_rules, WithoutWaitersNothingIsExercised) {
  stage world;
  load_under_lock(world, 0ms, 40ms);
  world.at(100ms).client(2).get(user).hit("vt0");
  const audit_result result = world.judged_by(all_rules());
  for (const char* rule : {"C501", "C502", "C503"}) {
    EXPECT_EQ(coverage_of(result, rule), status::not_exercised) << rule;
  }
}

}  // namespace
}  // namespace drover::audit::waiting_rules_test
