// SPDX-License-Identifier: MIT
#include "audit/engine/verdict.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace drover::audit::verdict_test {
namespace {

finding make_finding(const char* rule, severity severity_level,
                     confidence confidence_level = confidence::strong, const char* accepted = "") {
  finding result;
  result.rule = rule;
  result.severity = severity_level;
  result.confidence = confidence_level;
  result.accepted = accepted;
  return result;
}

/// The result of a run with these findings. The run saw enough for a verdict.
audit_result result_with(std::vector<finding> findings = {}) {
  audit_result result;
  result.findings = std::move(findings);
  result.run.commands = 100;
  result.run.cold_events = 3;
  result.run.contended_cold_events = 1;
  result.coverage = {{"C101", "stampede-cold-key", coverage_line::status::pass, ""},
                     {"C206", "foreign-unlock", coverage_line::status::not_exercised, ""}};
  return result;
}

TEST(audit_verdict, FindingsFailFromTheSeverityThatWasAskedFor) {
  constexpr severity all[] = {severity::info, severity::warning, severity::error};
  for (const severity level : all) {
    for (const severity least : all) {
      audit_result result = result_with({make_finding("C101", level)});
      settings options;
      options.fail_on = least;
      judge(result, options);
      EXPECT_EQ(result.outcome, level >= least ? verdict::fail : verdict::pass);
      EXPECT_EQ(result.findings[0].fails, level >= least);
    }
    audit_result result = result_with({make_finding("C101", level)});
    settings options;
    options.fail_on = std::nullopt;
    judge(result, options);
    EXPECT_EQ(result.outcome, verdict::pass);
    EXPECT_FALSE(result.findings[0].fails);
  }
}

TEST(audit_verdict, NoCacheIsNotInconclusive) {
  audit_result result = result_with();
  result.run.cold_events = result.run.contended_cold_events = 0;
  result.roles = {{"jobs:*", key_role::other, 3, "", ""}, {"seen:*", key_role::mark, 2, "", ""}};
  judge(result, {});
  EXPECT_EQ(result.outcome, verdict::no_cache);
  for (const key_role role : {key_role::value, key_role::lock, key_role::meta, key_role::ignored}) {
    audit_result cached = result;
    cached.roles[1].role = role;
    judge(cached, {});
    EXPECT_EQ(cached.outcome, verdict::inconclusive);
  }
  settings strict;
  strict.require = {"C101"};
  audit_result blind = result;
  blind.run.blind_share = 0.5;
  audit_result unseen = result;
  unseen.roles.clear();
  audit_result never_filled = result;
  never_filled.run.reads_only = 1;
  judge(blind, {});
  judge(unseen, {});
  judge(never_filled, {});
  judge(result, strict);
  for (const audit_result* const open : {&blind, &unseen, &never_filled, &result}) {
    EXPECT_EQ(open->outcome, verdict::inconclusive) << open->reason;
  }
}

TEST(audit_verdict, AcceptedFindingsDoNotFailAndAreCounted) {
  audit_result result =
      result_with({make_finding("C101", severity::error, confidence::strong, "known")});
  judge(result, {});
  EXPECT_EQ(result.outcome, verdict::pass);
  EXPECT_NE(result.reason.find("1 more is accepted"), std::string::npos) << result.reason;
  result.findings.push_back(make_finding("C201", severity::error));
  judge(result, {});
  EXPECT_EQ(result.outcome, verdict::fail);
  EXPECT_FALSE(result.findings[0].fails);
  EXPECT_TRUE(result.findings[1].fails);
  EXPECT_EQ(result.reason, "1 finding at or above \"error\" (1 more is accepted)");
}

TEST(audit_verdict, TooLittleSeenIsNoPass) {
  struct row {
    const char* reason;
    std::function<void(audit_result&, settings&)> change;
  };
  const std::vector<row> rows{
      {"no command", [](audit_result& r, settings&) { r.run = {}; }},
      {"2.0 % of the traffic", [](audit_result& r, settings&) { r.run.blind_share = 0.02; }},
      {"C206 is required", [](audit_result&, settings& options) { options.require = {"C206"}; }},
      {"foreign-unlock is required",
       [](audit_result&, settings& options) {
         options.require = {"C101", "foreign-unlock"};
       }},
      {"no key went cold",
       [](audit_result& r, settings&) { r.run.cold_events = r.run.contended_cold_events = 0; }},
      {"no two clients wanted a cold key",
       [](audit_result& r, settings&) { r.run.contended_cold_events = 0; }},
  };
  for (const row& entry : rows) {
    audit_result result = result_with();
    settings options;
    entry.change(result, options);
    judge(result, options);
    EXPECT_EQ(result.outcome, verdict::inconclusive) << entry.reason;
    EXPECT_NE(result.reason.find(entry.reason), std::string::npos) << result.reason;
    result.findings.push_back(make_finding("C101", severity::error));
    judge(result, options);
    EXPECT_EQ(result.outcome, verdict::fail) << "a finding counts all the same: " << entry.reason;
  }
}

TEST(audit_verdict, ALittleThatCouldNotBeReadIsNoMatter) {
  audit_result result = result_with();
  result.run.blind_share = 0.01;
  judge(result, {});
  EXPECT_EQ(result.outcome, verdict::pass);
}

TEST(audit_verdict, TheWorstAndSurestComeFirst) {
  audit_result result = result_with({make_finding("C305", severity::warning, confidence::strong),
                                     make_finding("C209", severity::warning, confidence::strong),
                                     make_finding("C103", severity::warning, confidence::proof),
                                     make_finding("C603", severity::info, confidence::proof),
                                     make_finding("C401", severity::error, confidence::suspected)});
  sort_findings(result);
  std::string order;
  for (const finding& finding : result.findings) order += finding.rule + ' ';
  EXPECT_EQ(order, "C401 C103 C209 C305 C603 ");
}

TEST(audit_verdict, AnErrorNeedsEvidence) {
  const auto after = [](confidence how, std::uint64_t count) {
    audit_result result;
    finding given;
    given.severity = severity::error;
    given.confidence = how;
    given.count = count;
    result.findings.push_back(given);
    moderate_findings(result);
    return result.findings.front().severity;
  };
  EXPECT_EQ(after(confidence::suspected, 20), severity::warning);
  EXPECT_EQ(after(confidence::strong, 1), severity::warning);
  EXPECT_EQ(after(confidence::strong, 2), severity::error);
  EXPECT_EQ(after(confidence::proof, 1), severity::error);
}

}  // namespace
}  // namespace drover::audit::verdict_test
