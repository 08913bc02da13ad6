// SPDX-License-Identifier: MIT
// Rules say what they have seen and cannot judge, apart from what the run did not exercise.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

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

const std::vector<std::string> slugs{"red-shoes",  "blue-hat",  "old-map",   "new-lamp",
                                     "tall-chair", "wet-paint", "dry-bread", "big-drum",
                                     "soft-ball",  "low-table", "long-coat", "hot-tea"};

/// Names of many forms become one pattern in the course of the run. Nothing that was counted before
/// is lost.
TEST(audit_not_judged, CountsTheSameWhateverTheNamesLookLike) {
  for (const bool has_numbers : {true, false}) {
    stage world;
    script_seen take;
    take.script = "take";
    take.does = script_seen::purpose::acquire;
    take.says = script_seen::success::null;
    take.token_argument = 1;
    world.at(0ms).tell(take);
    world.belongs(500, {9}).unknown({1, 2}, "127.0.0.1");
    for (std::size_t id = 0; id < slugs.size(); ++id) {
      const std::string name = has_numbers ? std::to_string(id) : slugs[id];
      const std::string key = "page:" + name;
      const auto begin = 1s * (id + 1);
      const std::string value = std::string(60, 'v') + name;
      world.at(begin).client(1).get(key).miss();
      world.at(begin + 2ms).client(1).script("take", "lock:" + key, "t").word("5000").nil();
      world.at(begin + 50ms).client(1).set(key, value).px(60s).ok();
      world.at(begin + 51ms).client(1).compare_and_delete("lock:" + key, "t").answers(1);
      const std::string herd = "user:" + name;  // two loads by processes that are not known
      world.at(begin + 200ms).client(1).get(herd).miss();
      world.at(begin + 201ms).client(2).get(herd).miss();
      world.at(begin + 260ms).client(1).set(herd, value).px(60s).ok();
      world.at(begin + 261ms).client(2).set(herd, value).px(60s).ok();
    }
    world.at(20s).client(9).get("page:" + slugs[0]).hit("v");
    const audit_result result = world.judged_by(all_rules());
    const coverage_line* const lock = find_coverage(result, "C201");
    ASSERT_NE(lock, nullptr);
    EXPECT_NE(lock->not_judged.find("12 acquisitions"), std::string::npos)
        << has_numbers << lock->not_judged;
    const coverage_line* const herd = find_coverage(result, "C105");
    ASSERT_NE(herd, nullptr);
    EXPECT_NE(herd->not_judged.find("12 cold events"), std::string::npos)
        << has_numbers << herd->not_judged;
  }
}

/// All callers share one connection: two batches are in flight at once.
void share_the_connection(stage& world) {
  for (int i = 0; i < 8; ++i) {
    world.at(1ms * i).client(1).took(3ms).get("other:1").hit("v");
  }
}

TEST(audit_not_judged, CountsStoresAndWaitsOnSharedConnections) {
  for (const bool has_numbers : {true, false}) {
    stage world;
    share_the_connection(world);
    for (std::size_t id = 0; id < slugs.size(); ++id) {
      const std::string key = "page:" + (has_numbers ? std::to_string(id) : slugs[id]);
      const auto begin = 10s * (id + 1);
      const std::string value(60, 'v');
      for (int poll = 0; poll < 120; ++poll) {
        world.at(begin + 30ms * poll).client(1).get(key).miss();
      }
      world.at(begin + 3700ms).client(1).set(key, value + "1").px(60s).ok();
      world.at(begin + 9700ms).client(1).get(key).hit(value + "1");
      world.at(begin + 9702ms).client(1).set(key, value + "2").px(60s).ok();
    }
    world.at(500s).client(2).get("other:1").hit("v");
    const audit_result result = world.judged_by(all_rules());
    const coverage_line* const update = find_coverage(result, "C402");
    ASSERT_NE(update, nullptr);
    EXPECT_NE(update->not_judged.find("12 stores right after a hit"), std::string::npos)
        << has_numbers << update->not_judged;
    const coverage_line* const wait = find_coverage(result, "C503");
    ASSERT_NE(wait, nullptr);
    EXPECT_NE(wait->not_judged.find("12 long waits on shared connections"), std::string::npos)
        << has_numbers << wait->not_judged;
  }
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
