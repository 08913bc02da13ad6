// SPDX-License-Identifier: MIT
#include "audit/report/baseline.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "audit/engine/verdict.hpp"
#include "audit/report/sample_for_test.hpp"
#include "support/document.hpp"
#include "support/json_fields.hpp"

namespace drover::audit::baseline_test {
namespace {

using namespace std::chrono_literals;

std::chrono::system_clock::time_point at(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days{std::chrono::year{year} / std::chrono::month{month} /
                               std::chrono::day{day}};
}

std::string entry(const std::string& rule, const std::string& pattern, const std::string& reason,
                  const std::string& expires) {
  return "{\"rule\": \"" + rule + "\", \"pattern\": \"" + pattern + "\", \"reason\": \"" + reason +
         "\", \"expires\": \"" + expires + "\"}";
}

std::string file(const std::string& entries) {
  return "{\"version\": 1,\n \"accepted\": [\n" + entries + "\n]}\n";
}

baseline read(const std::string& entries) {
  const parsed_baseline result = parse_baseline(file(entries));
  EXPECT_EQ(result.error, "");
  return result.value;
}

audit_result result_with(const std::vector<std::string>& patterns) {
  audit_result result;
  for (const std::string& name : patterns) {
    result.findings.push_back(sample::make_finding("C101", confidence::proof, name, "Stampede."));
  }
  return result;
}

TEST(audit_baseline, AcceptsByRuleAndGlob) {
  audit_result audited = result_with({"user:*", "shop:product:*", "shop:price:*"});
  apply_baseline(audited, read(entry("stampede-cold-key", "shop:*", "known", "2027-01-31")),
                 at(2026, 11, 24));
  EXPECT_EQ(audited.findings[0].accepted, "");
  EXPECT_EQ(audited.findings[1].accepted, "known");
  EXPECT_EQ(audited.findings[2].accepted, "known");
  EXPECT_TRUE(audited.remarks.empty());
}

TEST(audit_baseline, LeavesOtherRulesAlone) {
  audit_result audited = result_with({"user:*"});
  apply_baseline(audited, read(entry("C204", "*", "known", "2027-01-31")), at(2026, 11, 24));
  EXPECT_EQ(audited.findings[0].accepted, "");
  ASSERT_EQ(audited.remarks.size(), 1U);
  EXPECT_EQ(audited.remarks[0],
            "the baseline's C204 on * matches nothing in this run; remove the entry if the fault "
            "is fixed");
}

TEST(audit_baseline, CountsAgainTheDayAfterItExpires) {
  const baseline until = read(entry("C101", "user:*", "till we move", "2026-11-30"));
  for (const auto& [day, is_accepted] : {std::pair{30U, true}, std::pair{31U, false}}) {
    audit_result audited = result_with({"user:*"});
    const auto today = at(2026, 11, 1) + (day - 1) * 24h + 23h + 59min;
    apply_baseline(audited, until, today);
    EXPECT_EQ(audited.findings[0].accepted, is_accepted ? "till we move" : "");
    if (is_accepted) continue;
    ASSERT_EQ(audited.remarks.size(), 1U);
    EXPECT_EQ(audited.remarks[0],
              "the baseline's C101 on user:* expired on 2026-11-30 and counts again; it was "
              "accepted because: till we move");
  }
}

TEST(audit_baseline, ChangesTheVerdictWhenItIsJudgedAgain) {
  audit_result audited = result_with({"user:*"});
  audited.run = {.commands = 1000, .cold_events = 5, .contended_cold_events = 5};
  judge(audited, {});
  EXPECT_EQ(audited.outcome, verdict::fail);
  EXPECT_TRUE(audited.findings[0].fails);
  apply_baseline(audited, read(entry("C101", "*", "known", "2027-01-31")), at(2026, 11, 24));
  judge(audited, {});
  EXPECT_EQ(audited.outcome, verdict::pass);
  EXPECT_FALSE(audited.findings[0].fails);
}

TEST(audit_baseline, SaysWhereItIsWrongAndWhatWouldBeRight) {
  const std::string good = entry("C101", "*", "why", "2027-01-31") + ",\n";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "line 1, column 1: not valid JSON"},
      {"{\"version\": 1,\n  oops}", "line 2, column 3: not valid JSON"},
      {"[]", "not an object with \"version\" and \"accepted\""},
      {"{\"accepted\": []}", "\"version\" is not 1, which is the only version"},
      {"{\"version\": 1, \"accepted\": {}}", "\"accepted\" is not an array"},
      {"{\"version\": 1, \"accept\": []}", "\"accept\" is not one of version, accepted"},
      {file(good + "7"), "entry 2: is not an object"},
      {file(good + "{\"rule\": \"C101\"}"), "line 4, entry 2: \"pattern\" is missing"},
      {file(good + "{\"rule\": 7}"), "line 4, entry 2: \"rule\" is not a string"},
      {file("{\"rulez\": \"C1\"}"),
       "line 3, entry 1: \"rulez\" is not one of rule, pattern, reason, expires"},
      {file(entry("C999", "*", "x", "2027-01-31")),
       "line 3, entry 1: \"rule\": there is no rule \"C999\"; `drover audit --list-rules` lists "
       "them"},
      {file(entry("C901", "*", "x", "2027-01-31")),
       "line 3, entry 1: \"rule\": there is no rule \"C901\"; `drover audit --list-rules` lists "
       "them"},
      {file(entry("C101", "", "x", "2027-01-31")),
       "line 3, entry 1: \"pattern\" is empty: give the pattern of the finding, or *"},
      {file(entry("C101", "user:*", " ", "2027-01-31")),
       "line 3, entry 1: \"reason\" is empty: write why C101 on \"user:*\" is accepted"},
      {file(entry("C101", "*", "x", "2027-02-30")),
       "line 3, entry 1: \"expires\" is \"2027-02-30\", which is not a date of the form "
       "2027-01-31"},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(parse_baseline(text).error, error) << text;
  EXPECT_EQ(parse_baseline("{\"version\": 1e999999}").error, "a number is too large");
  for (const char* const date : {"2027-1-31", "27-01-31", "2027/01/31", "soon", "2027-01-31 ",
                                 "2027-13-01", "+027-01-01", "2027-01-3x", ""}) {
    EXPECT_NE(parse_baseline(file(entry("C101", "*", "x", date))).error, "") << date;
  }
}

TEST(audit_baseline, ShowsNothingOfAHostileFileAsItIs) {
  const auto result = parse_baseline(file("{\"\\u001b[2J\\u202e\": \"x\"}"));
  EXPECT_EQ(result.error,
            "line 3, entry 1: \"\\x1b[2J\\xe2\\x80\\xae\" is not one of rule, pattern, reason, "
            "expires");
}

TEST(audit_baseline_page, ShowsABaselineAndNamesItsFields) {
  const std::string page = test::document("docs/reference/audit-baseline.md");
  const parsed_baseline result = parse_baseline(test::part_between(page, "```json\n", "```"));
  EXPECT_EQ(result.error, "");
  ASSERT_EQ(result.value.accepted.size(), 1U);
  const std::set<std::string> fields{"rule", "pattern", "reason", "expires"};
  EXPECT_EQ(test::fields_described("docs/reference/audit-baseline.md"), fields);
}

TEST(audit_baseline, StartsWithWhatWasFoundAndWantsReasons) {
  const audit_result audited = sample::unsafe();
  std::string text = baseline_of(audited, at(2026, 11, 24));
  EXPECT_EQ(parse_baseline(text).error,
            "line 4, entry 1: \"reason\" is empty: write why C101 on \"user:*\" is accepted");
  EXPECT_EQ(text.find("C303"), std::string::npos) << "the finding of C303 is accepted already";
  for (std::size_t i = text.find("\"reason\": \"\""); i != std::string::npos;
       i = text.find("\"reason\": \"\"")) {
    text.insert(i + 11, "known");
  }
  const parsed_baseline result = parse_baseline(text);
  ASSERT_EQ(result.error, "");
  ASSERT_EQ(result.value.accepted.size(), 3U);
  EXPECT_EQ(result.value.accepted[0].expires, std::chrono::year{2027} / 2 / 22);
  audit_result again = audited;
  apply_baseline(again, result.value, at(2026, 11, 24));
  for (const finding& finding : again.findings) EXPECT_NE(finding.accepted, "") << finding.rule;
}

TEST(audit_baseline, AcceptsEachNameThatItWroteDown) {
  audit_result audited = result_with(sample::evil_names());
  audited.findings.push_back(sample::make_finding("C101", confidence::proof, "a[b]?\\c", ""));
  std::string text = baseline_of(audited, at(2026, 11, 24));
  for (std::size_t i = text.find("\"reason\": \"\""); i != std::string::npos;
       i = text.find("\"reason\": \"\"")) {
    text.insert(i + 11, "known");
  }
  const parsed_baseline result = parse_baseline(text);
  ASSERT_EQ(result.error, "");
  apply_baseline(audited, result.value, at(2026, 11, 24));
  for (const finding& finding : audited.findings)
    EXPECT_EQ(finding.accepted, "known") << finding.pattern;
}

}  // namespace
}  // namespace drover::audit::baseline_test
