// SPDX-License-Identifier: MIT
// C504 and C606: traffic for which each rule must report a finding, and for each of its conditions
// traffic for which it must not.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"

namespace drover::audit::connection_rules_test {
namespace {

using namespace testing;
using status = coverage_line::status;

// --- C504 connection-per-command

/// Connections of one process, or each of its own, with so many commands.
stage connections(std::uint64_t count, int commands, bool one_process = true) {
  stage world;
  for (std::uint64_t i = 1; i <= count; ++i) {
    const std::chrono::microseconds at = 10ms * i;
    if (one_process) world.belongs(77, {i});
    for (int command = 0; command < commands; ++command) {
      world.at(at + 1ms * command).client(i).get("user:1").hit("v");
    }
    world.at(at + 1ms * commands).tell(connection_closed{i, at + 1ms * commands, true});
  }
  return world;
}

TEST(audit_c504, IsRaisedForAProcessThatConnectsForEachCommand) {
  const audit_result result = connections(60, 1).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C504");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 60U);
  EXPECT_EQ(finding->keys, std::vector<std::string>{"user:1"});
  ASSERT_FALSE(finding->evidence_list.empty());
  EXPECT_EQ(finding->evidence_list[0].timeline.size(), 1U);
}

TEST(audit_c504, IsSilentForConnectionsThatAreUsed) {
  const audit_result result = connections(60, 2).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C504"), nullptr);
  EXPECT_EQ(coverage_of(result, "C504"), status::pass);
}

TEST(audit_c504, IsSilentForProcessesOfOneConnectionAndForFew) {
  EXPECT_EQ(find_finding(connections(60, 1, false).judged_by(all_rules()), "C504"), nullptr);
  EXPECT_EQ(find_finding(connections(40, 1).judged_by(all_rules()), "C504"), nullptr);
}

TEST(audit_c504, CountsConnectionsThatEndBeforeTheirProcessIsFound) {
  stage world = connections(60, 1);
  for (std::uint64_t i = 8; i <= 60; ++i) world.unknown({i}, "127.0.0.1:4000");
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C504"), nullptr);
  EXPECT_EQ(find_finding(result, "C504")->count, 60U);
  // With two such processes, each may be one that is started for a command.
  world.belongs(78, {1});
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C504"), nullptr);
}

// --- C606 sequential-reads

struct reading {
  int keys = 8;
  std::chrono::microseconds pause = 100us;
  bool in_one_batch = false;
};

stage reads(const reading& how) {
  stage world;
  for (int i = 0; i < how.keys; ++i) {
    const std::string key = "user:" + std::to_string(i);
    world.at(3ms * i).client(1).get(key).miss();
    world.at(40ms + 3ms * i).client(1).set(key, "v").px(60s).ok();
  }
  for (int run = 0; run < 6; ++run) {
    for (int i = 0; i < how.keys; ++i) {
      auto reader = world.at(1s * (run + 1) + (200us + how.pause) * i).client(2);
      if (how.in_one_batch) reader.batch(static_cast<std::uint64_t>(run + 1));
      reader.get("user:" + std::to_string(i)).hit("v");
    }
  }
  return world;
}

TEST(audit_c606, IsAHintToReadManyKeysAtOnce) {
  const audit_result result = reads({}).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C606");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::info);
  EXPECT_EQ(finding->count, 6U);
  EXPECT_NE(finding->message.find("up to 8"), std::string::npos) << finding->message;
}

TEST(audit_c606, IsSilentForPipelinesPausesAndFewKeys) {
  EXPECT_EQ(find_finding(reads({.in_one_batch = true}).judged_by(all_rules()), "C606"), nullptr);
  EXPECT_EQ(find_finding(reads({.pause = 5ms}).judged_by(all_rules()), "C606"), nullptr);
  EXPECT_EQ(find_finding(reads({.keys = 4}).judged_by(all_rules()), "C606"), nullptr);
}

}  // namespace
}  // namespace drover::audit::connection_rules_test
