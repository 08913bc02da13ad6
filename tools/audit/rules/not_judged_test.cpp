// SPDX-License-Identifier: MIT
// Rules say what they have seen and cannot judge, apart from what the run did not exercise.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"

namespace drover::audit::not_judged_test {
namespace {

using namespace testing;
using status = coverage_line::status;

void expect_not_judged(const audit_result& result, std::string_view rule, std::string_view text) {
  const coverage_line* const line = find_coverage(result, rule);
  ASSERT_NE(line, nullptr);
  EXPECT_EQ(line->state, status::not_judged) << rule;
  EXPECT_NE(line->not_judged.find(text), std::string::npos) << line->not_judged;
}

TEST(audit_not_judged, AQuietRunJudgesNothingBecauseItSawNothing) {
  stage world;
  world.at(0ms).client(1).get(user).miss();
  world.at(50ms).client(1).set(user, "v").px(60s).ok();
  const audit_result result = world.judged_by(all_rules());
  for (const coverage_line& line : result.coverage) {
    EXPECT_EQ(line.not_judged, "") << line.rule;
    EXPECT_NE(line.state, status::not_judged) << line.rule;
  }
}

TEST(audit_not_judged, SaysThatTheNamesAreHidden) {
  stage world;
  world.begun.keys_hidden = true;
  for (int i = 0; i < 3; ++i) {
    const std::string key = "#" + std::to_string(i);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 50ms).client(1).set(key, "a long enough value " + key).px(60s).ok();
  }
  settings options;
  options.roles = {{"*", key_role::value}};
  const audit_result result = world.judged_by(all_rules(), options);
  expect_not_judged(result, "C601", "the names of keys are hidden");
}

TEST(audit_not_judged, SaysThatATtlIsSetByAScriptThatIsNotUnderstood) {
  stage world;
  script_seen take;
  take.script = "take";
  take.does = script_seen::purpose::acquire;
  take.says = script_seen::success::null;
  take.token_argument = 1;
  world.at(0ms).tell(take);
  for (int id = 1; id <= 5; ++id) {
    const std::string key = "user:" + std::to_string(id);
    world.at(1s * id).client(1).get(key).miss();
    world.at(1s * id + 2ms).client(1).script("take", "lock:" + key, "t").word("5000").nil();
    world.at(1s * id + 50ms).client(1).set(key, "v").px(60s).ok();
    world.at(1s * id + 51ms).client(1).compare_and_delete("lock:" + key, "t").answers(1);
  }
  expect_not_judged(world.judged_by(all_rules()), "C201", "5 acquisitions, because a script");
}

TEST(audit_not_judged, SaysThatNoLeaseIsKnown) {
  stage world;
  for (int id = 1; id <= 4; ++id) {
    const std::string key = "user:" + std::to_string(id);
    for (std::uint64_t client = 1; client <= 3; ++client) {
      for (int poll = 0; poll < 13; ++poll) {
        world.at(1s * id + 25ms * poll + 1ms * client).client(client).get(key).miss();
      }
    }
    world.at(1s * id + 330ms).client(1).set(key, "v").px(60s).ok();
    for (std::uint64_t client = 1; client <= 3; ++client) {
      world.at(1s * id + 340ms + 1ms * client).client(client).get(key).hit("v");
    }
  }
  expect_not_judged(world.judged_by(all_rules()), "C503", "no lease is known");
}

TEST(audit_not_judged, SaysThatQueriesNeedNotBeLoads) {
  stage world;
  for (int id = 1; id <= 4; ++id) {
    const std::string key = "user:" + std::to_string(id);
    world.at(1s * id).client(1).get(key).miss();
    world.tell(origin_loads{1s * id, 3, {}, "tcp 127.0.0.1:5432"});
    world.at(1s * id + 50ms).client(1).set(key, "v").px(60s).ok();
  }
  expect_not_judged(world.judged_by(all_rules()), "C108", "12 queries through --origin-tcp");
}

TEST(audit_not_judged, ARequiredRuleThatCannotJudgeIsInconclusive) {
  stage world;
  for (int id = 1; id <= 4; ++id) {
    const std::string key = "user:" + std::to_string(id);
    for (std::uint64_t i = 1; i <= 2; ++i) world.at(1s * id).client(i).get(key).miss();
    world.tell(origin_loads{1s * id, 3, {}, "tcp 127.0.0.1:5432"});
    world.at(1s * id + 50ms).client(1).set(key, "v").px(60s).ok();
    world.at(1s * id + 60ms).client(2).get(key).hit("v");
  }
  settings options;
  options.require = {"C108"};
  const audit_result result = world.judged_by(all_rules(), options);
  EXPECT_EQ(result.outcome, verdict::inconclusive);
  EXPECT_NE(result.reason.find("C108 is required and cannot be judged: 12 queries"),
            std::string::npos)
      << result.reason;
}

}  // namespace
}  // namespace drover::audit::not_judged_test
