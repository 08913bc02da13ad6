// SPDX-License-Identifier: MIT
// test/audit/report_files_test.py reads whole files by the rules of the specification.
#include "audit/report/sarif_report.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "audit/report/sample_for_test.hpp"
#include "support/json_fields.hpp"
#include "support/markup.hpp"

namespace drover::audit::sarif_report_test {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string fingerprint_in(const std::string& text) {
  return std::string{test::part_between(text, "droverRuleAndPattern/v1\": \"", "\"")};
}

TEST(audit_sarif_report, HasTheSameFieldsWhateverTheTextFromOutside) {
  const std::string evil = sarif_report(sample::hostile());
  const std::string plain = sarif_report(sample::harmless());
  EXPECT_EQ(test::field_reader{evil}.fields(), test::field_reader{plain}.fields());
  EXPECT_EQ(test::field_reader{evil}.texts().size(), test::field_reader{plain}.texts().size());
  EXPECT_FALSE(has(evil, "\x1b"));
}

TEST(audit_sarif_report, KeepsAnAlertTheSameWhenCountsAndLinesChange) {
  const audit_result before = sample::unsafe();
  audit_result after = before;
  after.findings[0].count = 1;
  after.findings[0].message = "Otherwise said.";
  located sources;
  sources.places["user:*"] = {"src/users.py", 7};
  EXPECT_EQ(fingerprint_in(sarif_report(before)), fingerprint_in(sarif_report(after, sources)));
  after.findings[0].pattern = "users:*";
  EXPECT_NE(fingerprint_in(sarif_report(before)), fingerprint_in(sarif_report(after)));
}

TEST(audit_sarif_report, PointsAtTheLineThatWasFound) {
  located sources;
  sources.places["user:*"] = {"src/\xC3\xBC sers.py", 42};
  sources.default_path = "docs/README.md";
  const std::string text = sarif_report(sample::unsafe(), sources);
  EXPECT_TRUE(has(text, "\"uri\": \"src/%C3%BC%20sers.py\""));
  EXPECT_TRUE(has(text, "\"startLine\": 42"));
  EXPECT_EQ(test::count_of(text, "\"uri\": \"docs/README.md\""), 3U);
}

// SARIF 2.1.0, 3.11.6: [text](target) in a message is a link.
TEST(audit_sarif_report, MakesNoLinksOfNamesOfKeys) {
  audit_result result = sample::unsafe();
  result.findings[0].pattern = "[click](https://evil.example)";
  result.findings[0].message = "See [here](1) and a \\[b](c).";
  result.remarks.push_back("[more](https://evil.example)");
  const std::string text = sarif_report(result);
  EXPECT_TRUE(has(text, R"(\\[click\\](https://evil.example))")) << text;
  EXPECT_TRUE(has(text, R"(See \\[here\\](1) and a \\\\\\[b\\](c).)")) << text;
  EXPECT_TRUE(has(text, R"(\\[more\\](https://evil.example))")) << text;
}

TEST(audit_sarif_report, HasHelpForEachRule) {
  const std::string text = sarif_report(sample::quiet());
  EXPECT_EQ(test::count_of(text, "\"help\": {"), catalogue().size());
  EXPECT_TRUE(has(text, "Why it matters: One expired key causes as many origin queries"));
  EXPECT_TRUE(has(text, "\"results\": []"));
}

}  // namespace
}  // namespace drover::audit::sarif_report_test
