// SPDX-License-Identifier: MIT
// C106 and C108: rows that are missing, and loads that only the origin has seen.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"
#include "audit/rules/stampedes_for_test.hpp"

namespace drover::audit::origin_rules_test {
namespace {

using namespace testing;
using status = coverage_line::status;
using std::chrono::microseconds;

TEST(audit_c106, IsRaisedForAMissingRow) {
  stage world;
  world.at(0ms).client(1).get("user:1").miss();
  world.at(50ms).client(1).set("user:1", "v").px(60s).ok();
  for (int i = 0; i < 8; ++i) world.at(200ms + 300ms * i).client(1).get("user:999").miss();
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C106");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  ASSERT_EQ(finding->keys.size(), 1U);
  EXPECT_EQ(finding->keys[0], "user:999");
}

TEST(audit_c106, IsAnErrorWhenTheOriginIsAsked) {
  stage world;
  world.at(0ms).client(1).get("user:1").miss();
  world.at(50ms).client(1).set("user:1", "v").px(60s).ok();
  for (int i = 0; i < 8; ++i) {
    world.at(200ms + 300ms * i).client(1).get("user:999").miss();
    world.at(210ms + 300ms * i).tell(origin_loads{world.now(), 1, "user:999", "log"});
  }
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C106"), nullptr);
  EXPECT_EQ(find_finding(result, "C106")->severity, severity::error);
}

TEST(audit_c106, IsRaisedForEmptyTenuresOfALock) {
  stage world;
  for (int i = 0; i < 6; ++i) {
    const microseconds begin = 100ms * i;
    const std::string token = "t" + std::to_string(i);
    world.at(begin).client(1).get("user:999").miss();
    world.at(begin + 1ms).client(1).set("lock:user:999", token).nx().px(5s).ok();
    world.at(begin + 2ms).client(2).set("lock:user:999", "x").nx().px(5s).nil();
    world.at(begin + 60ms).client(1).compare_and_delete("lock:user:999", token).answers(1);
  }
  EXPECT_NE(find_finding(world.judged_by(all_rules()), "C106"), nullptr);
}

TEST(audit_c106, IsSilentForFlagsAndForRememberedAbsence) {
  stage flags;
  for (int i = 0; i < 20; ++i) {
    flags.at(200ms * i).client(1).get("banned:" + std::to_string(i % 2)).miss();
  }
  EXPECT_EQ(find_finding(flags.judged_by(all_rules()), "C106"), nullptr);
  stage remembered;
  for (int id = 1; id <= 4; ++id) {
    remembered.at(300ms * id).client(1).get(key_of(id)).miss();
    remembered.at(300ms * id + 20ms).client(1).set(key_of(id), "none").px(30s).ok();
    remembered.at(300ms * id + 100ms).client(1).get(key_of(id)).hit("none");
  }
  const audit_result result = remembered.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C106"), nullptr);
  EXPECT_EQ(coverage_of(result, "C106"), status::pass);
}

/// One client loads and stores. `silent` others load and store nothing. A counter that names no
/// keys counts all loads.
stage counted_loads(int silent, std::string_view source) {
  stage world;
  for (int turn = 1; turn <= 8; ++turn) {
    const microseconds begin = 2s * turn;
    const std::string key = key_of(turn % 2);
    for (int client = 1; client <= 1 + silent; ++client) {
      world.at(begin + 1ms * client).client(static_cast<std::uint64_t>(client)).get(key).miss();
    }
    world.at(begin + 50ms)
        .tell(origin_loads{begin + 50ms, 1U + static_cast<unsigned>(silent), "",
                           std::string{source}});
    world.at(begin + 80ms).client(1).set(key, "a row of the table, as text").px(1500ms).ok();
    world.at(begin + 300ms).client(2).get(key).hit("a row of the table, as text");
  }
  return world;
}

TEST(audit_c108, IsRaisedForLoadsThatLeaveNoTrace) {
  const audit_result result = counted_loads(4, "redis 127.0.0.1:6379 n").judged_by(all_rules());
  const finding* const finding = find_finding(result, "C108");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 32U);
  EXPECT_EQ(finding->opportunities, 40U);
  EXPECT_EQ(finding->pattern, "user:*");
}

TEST(audit_c108, PassesWhereEachLoadIsStored) {
  const audit_result result = counted_loads(0, "redis 127.0.0.1:6379 n").judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C108"), nullptr);
  EXPECT_EQ(coverage_of(result, "C108"), status::pass);
}

TEST(audit_c108, IsSilentForQueriesThatNeedNotBeLoads) {
  EXPECT_EQ(find_finding(counted_loads(4, "tcp 127.0.0.1:5432").judged_by(all_rules()), "C108"),
            nullptr);
}

}  // namespace
}  // namespace drover::audit::origin_rules_test
