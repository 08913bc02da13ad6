// SPDX-License-Identifier: MIT
#include "audit/rules/explain.hpp"

#include <gtest/gtest.h>

#include <string>

#include "audit/rules/catalogue.hpp"

namespace drover::audit {
namespace {

audit_result a_result() {
  audit_result of;
  finding lock;
  lock.rule = "C201";
  lock.pattern = "_lockuser:*";
  lock.keys = {"_lockuser:1"};
  of.findings.push_back(lock);
  of.coverage.push_back({"C201", {}, coverage_line::status::fail, "3 locks"});
  of.coverage.push_back({"C401", {}, coverage_line::status::not_exercised, "no invalidation"});
  return of;
}

TEST(audit_explain, FillsNamesAdviceAndPrompts) {
  audit_result of = a_result();
  of.findings[0].keys = {"l"};
  of.findings[0].pattern = "l";
  explain(of);
  EXPECT_EQ(of.findings[0].name, "lock-no-ttl");
  EXPECT_EQ(of.findings[0].advice, rule_of("C201").advice);
  EXPECT_NE(of.findings[0].fix_prompt.find("C201"), std::string::npos);
  EXPECT_EQ(of.coverage[0].name, "lock-no-ttl");
  EXPECT_EQ(of.coverage[1].name, "stale-set");
}

TEST(audit_explain, TellsALibraryByTheKeysAlone) {
  audit_result of = a_result();
  explain(of);
  EXPECT_EQ(of.findings[0].library, "dogpile.cache");
}

TEST(audit_explain, TrustsTheLibraryThatWasSeen) {
  audit_result of = a_result();
  of.findings[0].library = "redis-py Lock";
  explain(of);
  EXPECT_EQ(of.findings[0].library, "redis-py Lock");
  EXPECT_NE(of.findings[0].advice.find("timeout="), std::string::npos);
}

TEST(audit_explain, SaysWhatWasNotExercised) {
  audit_result of = a_result();
  explain(of);
  explain(of);
  ASSERT_EQ(of.notices.size(), 1U);
  EXPECT_EQ(of.notices[0].rule, "C901");
  EXPECT_EQ(of.notices[0].name, "not-exercised");
  EXPECT_EQ(of.notices[0].message, "1 of 2 rules were not exercised in this run: C401.");
  of.coverage.pop_back();
  explain(of);
  EXPECT_TRUE(of.notices.empty());
}

TEST(audit_explain, RaisesTheNoticeOfWhatWasNotSeen) {
  audit_result of;
  finding lost;
  lost.rule = "C903";
  lost.severity = severity::info;
  of.notices.push_back(lost);
  of.run.blind_share = 0.005;
  explain(of);
  EXPECT_EQ(of.notices[0].severity, severity::info);
  of.run.blind_share = 0.02;
  explain(of);
  EXPECT_EQ(of.notices[0].severity, severity::warning);
}

}  // namespace
}  // namespace drover::audit
