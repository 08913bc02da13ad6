// SPDX-License-Identifier: MIT
#include "audit/engine/verdict.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace drover::audit {
namespace {

finding found(const char* rule, severity severity_level,
              confidence confidence_level = confidence::strong, const char* accepted = "") {
  finding made;
  made.rule = rule;
  made.severity = severity_level;
  made.confidence = confidence_level;
  made.accepted = accepted;
  return made;
}

/// A run in which enough was seen, and these findings.
audit_result seen(std::vector<finding> findings = {}) {
  audit_result made;
  made.findings = std::move(findings);
  made.run.commands = 100;
  made.run.cold_events = 3;
  made.run.contended_cold_events = 1;
  made.coverage = {{"C101", "stampede-cold-key", coverage_line::status::pass, ""},
                   {"C206", "foreign-unlock", coverage_line::status::not_exercised, ""}};
  return made;
}

TEST(audit_verdict, FindingsFailFromTheSeverityThatWasAskedFor) {
  constexpr severity all[] = {severity::info, severity::warning, severity::error};
  for (const severity is : all) {
    for (const severity least : all) {
      audit_result result = seen({found("C101", is)});
      settings told;
      told.fail_on = least;
      judge(result, told);
      EXPECT_EQ(result.outcome, is >= least ? verdict::fail : verdict::pass);
      EXPECT_EQ(result.findings[0].fails, is >= least);
    }
    audit_result result = seen({found("C101", is)});
    settings told;
    told.fail_on = std::nullopt;
    judge(result, told);
    EXPECT_EQ(result.outcome, verdict::pass);
    EXPECT_FALSE(result.findings[0].fails);
  }
}

TEST(audit_verdict, AcceptedFindingsDoNotFailAndAreCounted) {
  audit_result result = seen({found("C101", severity::error, confidence::strong, "known")});
  judge(result, {});
  EXPECT_EQ(result.outcome, verdict::pass);
  EXPECT_NE(result.reason.find("1 more is accepted"), std::string::npos) << result.reason;
  result.findings.push_back(found("C201", severity::error));
  judge(result, {});
  EXPECT_EQ(result.outcome, verdict::fail);
  EXPECT_FALSE(result.findings[0].fails);
  EXPECT_TRUE(result.findings[1].fails);
  EXPECT_EQ(result.reason, "1 finding at or above \"error\" (1 more is accepted)");
}

TEST(audit_verdict, TooLittleSeenIsNoPass) {
  struct row {
    const char* why;
    std::function<void(audit_result&, settings&)> change;
  };
  const std::vector<row> rows{
      {"no command", [](audit_result& r, settings&) { r.run = {}; }},
      {"2.0 % of the traffic", [](audit_result& r, settings&) { r.run.blind_share = 0.02; }},
      {"C206 is required", [](audit_result&, settings& told) { told.require = {"C206"}; }},
      {"foreign-unlock is required",
       [](audit_result&, settings& told) {
         told.require = {"C101", "foreign-unlock"};
       }},
      {"no key went cold",
       [](audit_result& r, settings&) { r.run.cold_events = r.run.contended_cold_events = 0; }},
      {"wanted by two at once",
       [](audit_result& r, settings&) { r.run.contended_cold_events = 0; }},
  };
  for (const row& each : rows) {
    audit_result result = seen();
    settings told;
    each.change(result, told);
    judge(result, told);
    EXPECT_EQ(result.outcome, verdict::inconclusive) << each.why;
    EXPECT_NE(result.reason.find(each.why), std::string::npos) << result.reason;
    result.findings.push_back(found("C101", severity::error));
    judge(result, told);
    EXPECT_EQ(result.outcome, verdict::fail) << "what was found stands: " << each.why;
  }
}

TEST(audit_verdict, ALittleThatCouldNotBeReadIsNoMatter) {
  audit_result result = seen();
  result.run.blind_share = 0.01;
  judge(result, {});
  EXPECT_EQ(result.outcome, verdict::pass);
}

TEST(audit_verdict, TheWorstAndSurestComeFirst) {
  audit_result result = seen({found("C305", severity::warning, confidence::strong),
                              found("C209", severity::warning, confidence::strong),
                              found("C103", severity::warning, confidence::proof),
                              found("C603", severity::info, confidence::proof),
                              found("C401", severity::error, confidence::suspected)});
  sort_findings(result);
  std::string order;
  for (const finding& each : result.findings) order += each.rule + ' ';
  EXPECT_EQ(order, "C401 C103 C209 C305 C603 ");
}

}  // namespace
}  // namespace drover::audit
