// SPDX-License-Identifier: MIT
#include "audit/rules/explain.hpp"

#include <gtest/gtest.h>

#include <string>

#include "audit/rules/catalogue.hpp"

namespace drover::audit::explain_test {
namespace {

audit_result a_result() {
  audit_result result;
  finding lock;
  lock.rule = "C201";
  lock.pattern = "_lockuser:*";
  lock.keys = {"_lockuser:1"};
  result.findings.push_back(lock);
  result.coverage.push_back({"C201", {}, coverage_line::status::fail, "3 locks"});
  result.coverage.push_back({"C401", {}, coverage_line::status::not_exercised, "no invalidation"});
  return result;
}

TEST(audit_explain, FillsNamesAdviceAndPrompts) {
  audit_result result = a_result();
  result.findings[0].keys = {"l"};
  result.findings[0].pattern = "l";
  explain(result);
  EXPECT_EQ(result.findings[0].name, "lock-no-ttl");
  EXPECT_EQ(result.findings[0].advice, rule_of("C201").advice);
  EXPECT_NE(result.findings[0].fix_prompt.find("C201"), std::string::npos);
  EXPECT_EQ(result.coverage[0].name, "lock-no-ttl");
  EXPECT_EQ(result.coverage[1].name, "stale-set");
}

TEST(audit_explain, TellsALibraryByTheKeysAlone) {
  audit_result result = a_result();
  explain(result);
  EXPECT_EQ(result.findings[0].library, "dogpile.cache");
}

TEST(audit_explain, TrustsTheLibraryThatWasSeen) {
  audit_result result = a_result();
  result.findings[0].library = "redis-py Lock";
  explain(result);
  EXPECT_EQ(result.findings[0].library, "redis-py Lock");
  EXPECT_NE(result.findings[0].advice.find("timeout="), std::string::npos);
}

TEST(audit_explain, SaysWhatWasNotExercised) {
  audit_result result = a_result();
  explain(result);
  explain(result);
  ASSERT_EQ(result.notices.size(), 1U);
  EXPECT_EQ(result.notices[0].rule, "C901");
  EXPECT_EQ(result.notices[0].name, "not-exercised");
  EXPECT_EQ(result.notices[0].message, "1 of 2 rules were not exercised in this run: C401.");
  result.coverage.pop_back();
  explain(result);
  EXPECT_TRUE(result.notices.empty());
}

TEST(audit_explain, RaisesTheNoticeOfWhatWasNotSeen) {
  audit_result result;
  finding lost;
  lost.rule = "C903";
  lost.severity = severity::info;
  result.notices.push_back(lost);
  result.run.blind_share = 0.005;
  explain(result);
  EXPECT_EQ(result.notices[0].severity, severity::info);
  result.run.blind_share = 0.02;
  explain(result);
  EXPECT_EQ(result.notices[0].severity, severity::warning);
}

}  // namespace
}  // namespace drover::audit::explain_test
