// SPDX-License-Identifier: MIT
// test/audit/report_files_test.py reads whole files as a build server does.
#include "audit/report/junit_report.hpp"

#include <gtest/gtest.h>

#include <string>

#include "audit/report/sample_for_test.hpp"
#include "support/markup.hpp"

namespace drover::audit::junit_report_test {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(audit_junit_report, HasATestCaseForEachRuleAndPattern) {
  audit_result audited = sample::unsafe();
  finding other = audited.findings[0];
  other.pattern = "shop:*";
  audited.findings.push_back(other);
  const std::string text = junit_report(audited);
  EXPECT_TRUE(has(text, "name=\"C101 stampede-cold-key: user:*\""));
  EXPECT_TRUE(has(text, "name=\"C101 stampede-cold-key: shop:*\""));
  EXPECT_TRUE(has(text, "classname=\"drover.audit.stampede\" name=\"C102 no-double-check\""));
  EXPECT_EQ(test::count_of(text, "<testcase"), audited.coverage.size() + 2)
      << "one more, and the run";
}

TEST(audit_junit_report, FailsWhereTheAuditFails) {
  const std::string text = junit_report(sample::unsafe());
  EXPECT_EQ(test::count_of(text, "<failure"), 2U);
  EXPECT_TRUE(has(text, "<failure type=\"error\" message=\"When user:42 was cold, 12 callers"));
  EXPECT_TRUE(has(text, "+0.4 ms  python3 (4712)  GET user:42 -&gt; nothing"));
  EXPECT_TRUE(has(text, "<system-out>warning: The lock is released by DEL"));
  EXPECT_TRUE(has(text, "<skipped message=\"accepted: the catalogue is warmed"));
}

TEST(audit_junit_report, SkipsWhatWasNotExercised) {
  const std::string text = junit_report(sample::quiet());
  EXPECT_TRUE(has(text, "<skipped message=\"not exercised: no lease ever ran out\"/>"));
  EXPECT_TRUE(has(text, "<skipped message=\"inconclusive: no cold event with two"));
  EXPECT_FALSE(has(text, "<failure"));
}

TEST(audit_junit_report, SaysNoticesAndRemarks) {
  const std::string text = junit_report(sample::unsafe());
  EXPECT_TRUE(has(text, "\nC902 opaque-script: EVALSHA 6b1bf486"));
  EXPECT_TRUE(has(text, "\nnote: the baseline&#39;s C209 on lock:* matches nothing"));
}

}  // namespace
}  // namespace drover::audit::junit_report_test
