// SPDX-License-Identifier: MIT
#include "audit/metrics/metrics_text.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace drover::audit::metrics_text_test {
namespace {

finding found(std::string rule, severity level, std::string accepted = {}) {
  finding result;
  result.rule = std::move(rule);
  result.severity = level;
  result.accepted = std::move(accepted);
  return result;
}

audit_result failed_report() {
  audit_result result;
  result.outcome = verdict::fail;
  result.run.loads = 12;
  result.run.cold_events = 3;
  result.findings = {found("C101", severity::error), found("C101", severity::error),
                     found("C303", severity::warning), found("C204", severity::warning, "known")};
  return result;
}

bool has_line(const std::string& text, const std::string& line) {
  return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

TEST(audit_metrics_text, CountsTheReportsAndTheirFindings) {
  report_metrics reports;
  reports.add(failed_report(), true, 1'700'000'000.25);
  reports.add(failed_report(), false, 1'700'000'060.5);
  const std::string text = metrics_text({.commands = 5, .examined_share = 0.1}, reports);
  EXPECT_TRUE(has_line(text, "drover_audit_commands_total 5")) << text;
  EXPECT_TRUE(has_line(text, "drover_audit_examined_share 0.1"));
  EXPECT_TRUE(has_line(text, "drover_audit_reports_total 2"));
  EXPECT_TRUE(has_line(text, "drover_audit_report_errors_total 1"));
  EXPECT_TRUE(has_line(text, "drover_audit_loads_total 24"));
  EXPECT_TRUE(has_line(text, "drover_audit_last_report_timestamp_seconds 1700000060.500"));
  EXPECT_TRUE(has_line(text, "drover_audit_last_verdict{verdict=\"fail\"} 1"));
  EXPECT_TRUE(has_line(text, "drover_audit_last_verdict{verdict=\"pass\"} 0"));
  EXPECT_TRUE(has_line(text, "drover_audit_findings{rule=\"C101\",severity=\"error\"} 2"));
  EXPECT_TRUE(has_line(text, "drover_audit_reports_with_finding_total{rule=\"C101\"} 2"));
  EXPECT_EQ(text.find("C204"), std::string::npos) << "an accepted finding is none";
}

TEST(audit_metrics_text, ShowsNoVerdictBeforeTheFirstReport) {
  const std::string text = metrics_text({}, {});
  EXPECT_TRUE(has_line(text, "drover_audit_reports_total 0"));
  EXPECT_EQ(text.find("verdict"), std::string::npos);
}

TEST(audit_metrics_text, ForgetsTheFindingsOfTheReportBeforeTheLast) {
  report_metrics reports;
  reports.add(failed_report(), true, 1);
  reports.add(audit_result{}, true, 2);
  const std::string text = metrics_text({}, reports);
  EXPECT_EQ(text.find("drover_audit_findings{"), std::string::npos) << text;
  EXPECT_TRUE(has_line(text, "drover_audit_reports_with_finding_total{rule=\"C101\"} 1"));
}

TEST(audit_metrics_text, IsInTheTextFormat) {
  report_metrics reports;
  reports.add(failed_report(), true, 1'700'000'000);
  std::istringstream lines{metrics_text({.cpu_seconds = 1.5}, reports)};
  const std::regex comment{"# (HELP|TYPE) ([a-z_]+) .+"};
  const std::regex sample{
      "([a-z_]+)(\\{[a-z]+=\"[A-Za-z0-9_]+\"(,[a-z]+=\"[a-z]+\")*\\})? [0-9.e+-]+"};
  std::set<std::string> described;
  for (std::string line; std::getline(lines, line);) {
    std::smatch parts;
    if (std::regex_match(line, parts, comment)) {
      described.insert(parts[2]);
    } else {
      ASSERT_TRUE(std::regex_match(line, parts, sample)) << line;
      EXPECT_TRUE(described.contains(parts[1])) << "described before its samples: " << line;
    }
  }
}

}  // namespace
}  // namespace drover::audit::metrics_text_test
