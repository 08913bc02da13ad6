// SPDX-License-Identifier: MIT
#include "audit/report/json_report.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "audit/report/sample_for_test.hpp"
#include "support/json_fields.hpp"

namespace drover::audit::json_report_test {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A notice has the fields of a finding.
std::set<std::string> fields_written(const audit_result& result) {
  const std::string text = json_report(result);
  std::set<std::string> fields = test::field_reader{text}.fields();
  for (auto position = fields.begin(); position != fields.end();) {
    if (position->starts_with("notices.")) {
      EXPECT_TRUE(fields.contains("findings." + position->substr(8))) << *position;
      position = fields.erase(position);
    } else {
      ++position;
    }
  }
  return fields;
}

TEST(audit_json_page, DescribesEveryFieldAndNoOther) {
  EXPECT_EQ(fields_written(sample::unsafe()),
            test::fields_described("docs/reference/audit-json.md"));
}

TEST(audit_json_report, SaysWhatWasFoundAndWhatEachRuleHadToGoBy) {
  const std::string text = json_report(sample::unsafe());
  for (const char* const part : {"\"version\": 1",
                                 "\"verdict\": \"fail\"",
                                 "\"rule\": \"C101\"",
                                 "\"severity\": \"error\"",
                                 "\"confidence\": \"proof\"",
                                 "\"pattern\": \"user:*\"",
                                 "\"keys\": [\"user:42\",\"user:7\",\"user:1001\"]",
                                 "\"count\": 14",
                                 "\"opportunities\": 57",
                                 "\"status\": \"not_exercised\"",
                                 "\"library\": \"redis-py\"",
                                 "\"text\": \"GET user:42 -> nothing\"",
                                 "\"from_ms\": 3400.400",
                                 "\"blind_share\": 0.004",
                                 "\"role\": \"lock\"",
                                 "\"paired\": \"user:*\"",
                                 "\"accepted\": \"the catalogue is",
                                 "\"loads_each_second\": [6,6,",
                                 "\"fault\": \"down from=8s for=1s\"",
                                 "\"from_ms\": 6410.000",
                                 "\"lock_holds\": 1"}) {
    EXPECT_TRUE(has(text, part)) << part;
  }
}

TEST(audit_json_report, HasNoFaultsUnlessSomeWereInjected) {
  EXPECT_TRUE(has(json_report(sample::unsafe()), "\"faults\""));
  EXPECT_FALSE(has(json_report(sample::safe()), "\"faults\""));
}

TEST(audit_json_report, HasNoOutagesUnlessSomeWereCaused) {
  EXPECT_TRUE(has(json_report(sample::unsafe()), "\"kind\": \"away\""));
  EXPECT_TRUE(has(json_report(sample::unsafe()), "\"recovered_ms\": 310.000"));
  EXPECT_FALSE(has(json_report(sample::safe()), "\"outages\""));
}

TEST(audit_json_report, SaysEachVerdict) {
  EXPECT_TRUE(has(json_report(sample::safe()), "\"verdict\": \"pass\""));
  EXPECT_TRUE(has(json_report(sample::quiet()), "\"verdict\": \"inconclusive\""));
  EXPECT_TRUE(has(json_report(sample::safe()), "\"findings\": []"));
}

TEST(audit_json_report, HasTheSameFieldsWhateverTheTextFromOutside) {
  const std::string evil = json_report(sample::hostile());
  const std::string plain = json_report(sample::harmless());
  EXPECT_EQ(test::field_reader{evil}.fields(), test::field_reader{plain}.fields());
  EXPECT_EQ(test::field_reader{evil}.texts().size(), test::field_reader{plain}.texts().size());
  EXPECT_EQ(evil.find('\x1b'), std::string::npos);
  EXPECT_EQ(evil.find('\0'), std::string::npos);
}

}  // namespace
}  // namespace drover::audit::json_report_test
