// SPDX-License-Identifier: MIT
// The same traffic with and without an injected fault: what the fault may explain is no finding.
// What the application does afterwards is.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"

namespace drover::audit::injected_faults_test {
namespace {

using namespace testing;
using std::chrono::microseconds;

fault_injected fault_at(const stage& world, const std::string& kind, std::uint64_t connection,
                        const std::string& key, moment length = {}) {
  fault_injected fault;
  fault.fault = kind + " command=del";
  fault.kind = kind;
  fault.connection = connection;
  fault.command = "DEL";
  fault.key = key;
  fault.at = world.now();
  fault.to = fault.at + length;
  return fault;
}

/// Client 1 takes a lock and never releases it. Client 2 polls until the lease ends.
stage abandoned() {
  stage world;
  world.at(1s).client(1).get("user:1").miss();
  world.at(1001ms).client(1).set("lock:user:1", "x").nx().px(2s).ok();
  world.at(1002ms).client(2).get("user:1").miss();
  for (microseconds at = 1003ms; at < 3s; at += 50ms) {
    world.at(at).client(2).set("lock:user:1", "y").nx().px(2s).nil();
  }
  world.at(3010ms).client(2).set("lock:user:1", "y").nx().px(2s).ok();
  world.at(3060ms).client(2).set("user:1", "v").px(60s).ok();
  world.at(3061ms).client(2).compare_and_delete("lock:user:1", "y").answers(1);
  return world;
}

TEST(audit_faults, AReleaseThatWasLostIsNoAbandonedLock) {
  ASSERT_NE(find_finding(abandoned().judged_by(all_rules()), "C210"), nullptr);
  stage world = abandoned();
  world.at(1100ms).tell(fault_at(world, "reset", 1, "lock:user:1"));
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C210"), nullptr);
  EXPECT_EQ(result.faults.excused.lock_holds, 1U);
}

TEST(audit_faults, AHolderThatWasCutOffDoesNotLeaveItsLockBehindByItself) {
  // The fault hit the holder on another connection of its pool.
  stage world = abandoned();
  world.belongs(7, {1, 5});
  world.at(900ms).client(5).get("user:2").hit();
  world.at(1100ms).tell(fault_at(world, "cut", 5, "user:3"));
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C210"), nullptr);
}

TEST(audit_faults, AFaultElsewhereExplainsNothing) {
  stage other_client = abandoned();
  other_client.at(900ms).client(9).get("user:2").hit();
  other_client.at(1100ms).tell(fault_at(other_client, "reset", 9, "user:2"));
  EXPECT_NE(find_finding(other_client.judged_by(all_rules()), "C210"), nullptr);
  stage earlier = abandoned();
  earlier.at(500ms).tell(fault_at(earlier, "reset", 1, "lock:user:1"));
  EXPECT_NE(find_finding(earlier.judged_by(all_rules()), "C210"), nullptr);
  stage slow = abandoned();
  slow.at(1100ms).tell(fault_at(slow, "delay", 1, "lock:user:1", 100ms));
  EXPECT_NE(find_finding(slow.judged_by(all_rules()), "C210"), nullptr);
}

/// Clients 1 to 4 miss at once, load, and store.
void stampede(stage& world, microseconds begin, const std::string& key) {
  for (std::uint64_t i = 1; i <= 4; ++i) {
    world.at(begin + 1ms * i).client(i).get(key).miss();
    world.at(begin + 100ms + 1ms * i).client(i).set(key, "v" + std::to_string(i)).px(60s).ok();
    world.at(begin + 200ms + 1ms * i).client(i).get(key).hit();
  }
}

stage stampedes(int count) {
  stage world;
  for (int turn = 1; turn <= count; ++turn) {
    stampede(world, 1s * turn, "user:" + std::to_string(turn));
  }
  return world;
}

TEST(audit_faults, TheServerThatWasDownMayExplainAStampedeAndNotTheNextOne) {
  stage world = stampedes(3);
  ASSERT_EQ(find_finding(world.judged_by(all_rules()), "C101")->count, 3U);
  world.at(2050ms).tell(fault_at(world, "down", 0, "", 100ms));
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C101"), nullptr);
  EXPECT_EQ(find_finding(result, "C101")->count, 2U);
  EXPECT_EQ(result.outcome, verdict::fail);
  EXPECT_EQ(result.faults.excused.contended_cold_events, 1U);
}

TEST(audit_faults, ARunInWhichAFaultTouchedEveryColdEventShowsNothing) {
  stage world = stampedes(2);
  world.at(500ms).tell(fault_at(world, "down", 0, "", 10s));
  const audit_result result = world.judged_by(all_rules());
  EXPECT_TRUE(result.findings.empty());
  EXPECT_EQ(result.outcome, verdict::inconclusive);
  EXPECT_NE(result.reason.find("injected fault"), std::string::npos) << result.reason;
}

TEST(audit_faults, RepliesToOtherRequestsAreNotJudged) {
  stage world = stampedes(1);
  ASSERT_NE(find_finding(world.judged_by(all_rules()), "C101"), nullptr);
  // After a lost reply, the clients take what they get for misses.
  for (std::uint64_t i = 1; i <= 4; ++i) {
    world.at(900ms).tell(fault_at(world, "drop", i, "other"));
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_TRUE(result.findings.empty());
  EXPECT_EQ(result.faults.excused.commands, 12U);
}

/// Client 1 holds a lock with a lease of 100 ms for 250 ms, twice.
stage outlived() {
  stage world;
  for (int turn = 1; turn <= 2; ++turn) {
    const microseconds begin = 1s * turn;
    const std::string token = "token-" + std::to_string(turn);
    world.at(begin).client(1).get("user:1").miss();
    world.at(begin + 1ms).client(1).set("lock:user:1", token).nx().px(100ms).ok();
    world.at(begin + 240ms).client(1).set("user:1", "v").px(500ms).ok();
    world.at(begin + 250ms).client(1).compare_and_delete("lock:user:1", token).answers(0);
  }
  return world;
}

TEST(audit_faults, ADelayExplainsALeaseThatRanOutMeanwhile) {
  ASSERT_NE(find_finding(outlived().judged_by(all_rules()), "C207"), nullptr);
  EXPECT_EQ(find_finding(outlived().judged_by(all_rules()), "C207")->count, 2U);
  stage world = outlived();
  world.at(1100ms).tell(fault_at(world, "delay", 1, "user:1", 200ms));
  world.at(2100ms).tell(fault_at(world, "delay", 1, "user:1", 20ms));  // too short to explain it
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C207"), nullptr);
  EXPECT_EQ(find_finding(result, "C207")->count, 1U);
}

TEST(audit_faults, TheResultSaysWhichFaultsWereInjectedAndWhen) {
  stage world = stampedes(1);
  world.at(1500ms).tell(fault_at(world, "reset", 2, "user:1"));
  world.at(1700ms).tell(fault_at(world, "reset", 9, "user:2"));
  world.at(1800ms).tell(fault_at(world, "delay", 2, "user:1", 50ms));
  const audit_result result = world.judged_by(all_rules());
  ASSERT_EQ(result.faults.lines.size(), 2U);
  EXPECT_EQ(result.faults.lines[0].fault, "reset command=del");
  EXPECT_EQ(result.faults.lines[0].injected, 2U);
  EXPECT_EQ(result.faults.lines[0].first, 1500ms);
  EXPECT_EQ(result.faults.lines[0].last, 1700ms);
  ASSERT_EQ(result.faults.injections.size(), 3U);
  EXPECT_EQ(result.faults.injections[0].process, "test (102)");
  EXPECT_EQ(result.faults.injections[1].process, "") << "the connection was never seen";
  EXPECT_EQ(result.faults.injections[2].line, 1U);
  EXPECT_EQ(result.faults.injections[2].to, 1850ms);
  EXPECT_TRUE(stampedes(1).judged_by(all_rules()).faults.is_empty());
}

}  // namespace
}  // namespace drover::audit::injected_faults_test
