// SPDX-License-Identifier: MIT
#include "audit/report/html_report.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "audit/report/page_parts.hpp"
#include "audit/report/page_series.hpp"
#include "audit/report/sample_for_test.hpp"
#include "support/json_fields.hpp"
#include "support/markup.hpp"
#include "text/page_parts.hpp"

namespace drover::audit::html_report_test {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string still_part(const audit_result& result) {
  const std::string page = html_report(result);
  return page.substr(0, page.find("<script"));
}

TEST(audit_page_parts, CanStandInsideAPage) {
  for (const std::string_view name :
       {marks_script, rows_script, pointing_script, typing_script, lanes_script, page_script}) {
    EXPECT_FALSE(has(name, "</script")) << name.substr(0, 60);
    EXPECT_FALSE(has(name, "<!--")) << name.substr(0, 60);
  }
  EXPECT_FALSE(has(page_style, "</style"));
}

TEST(audit_html_report, SaysEverythingWithoutAScript) {
  const std::string still = still_part(sample::unsafe());
  for (const char* const part :
       {">fail</span> 2 errors, 1 warning, 1 accepted", "C101 stampede-cold-key", "14 of 14",
        "12 callers loaded it", "after 3.40 s: 12 loads of one value",
        "<td>GET user:42 -&gt; nothing</td>", "To do: Use compare-and-delete", "Library: redis-py",
        "Fix one fault in how this repository", "Accepted: the catalogue is warmed",
        "not exercised", "no key was ever refreshed",
        "won NX 57 times, deleted 55 times; guards user", "C902 opaque-script",
        "drover audit --redis auto -- python3 app.py"}) {
    EXPECT_TRUE(has(still, part)) << part;
  }
}

TEST(audit_html_report, SaysWhatCannotBeJudgedApartFromWhatWasNotExercised) {
  audit_result audited = sample::safe();
  coverage_line& line = audited.coverage.back();
  line.state = coverage_line::status::not_judged;
  line.not_judged = "3 waits, because no lease is known";
  audited.notices = {sample::make_finding("C901", confidence::proof, "", "20 rules idle")};
  const std::string still = still_part(audited);
  EXPECT_EQ(test::count_of(still, ">cannot be judged</span>"), 1U);
  EXPECT_EQ(test::count_of(still, ">3 waits, because no lease is known</td>"), 1U);
  EXPECT_EQ(test::count_of(still, ">no key was ever refreshed</td>"), 1U);
  EXPECT_FALSE(has(still, "C901"));
}

TEST(audit_html_report, LinksEachFindingToItsEvidence) {
  const std::string page = html_report(sample::unsafe());
  for (const char* const id : {"f0", "f1", "f2", "f3"}) {
    EXPECT_EQ(test::count_of(page, "id=\"" + std::string{id} + "\""), 1U);
    EXPECT_EQ(test::count_of(page, "href=\"#" + std::string{id} + "\""), 1U);
  }
  EXPECT_EQ(test::count_of(page, "class=\"jump\""), 4U);
}

TEST(audit_html_report, HasNoTimelineWhereNothingIsDrawn) {
  EXPECT_FALSE(has(html_report(sample::quiet()), "<canvas"));
  EXPECT_TRUE(has(html_report(sample::quiet()), ">inconclusive</span> no findings"));
}

TEST(audit_html_report, ShowsInjectedFaultsInATableAndOnTheTimeline) {
  const std::string page = html_report(sample::unsafe());
  for (const char* const part :
       {"<h2>Injected faults</h2>", "<th scope=\"row\">reset command=set chance=1%</th>",
        "data-kind=\"injected\"", "\"faults\": [[3450.000,3450.000,", "SET lock:user:42"}) {
    EXPECT_TRUE(has(page, part)) << part;
  }
  const std::string without = html_report(sample::safe());
  for (const char* const part : {"Injected faults", "data-kind=\"injected\"", "\"faults\""}) {
    EXPECT_FALSE(has(without, part)) << part;
  }
}

TEST(audit_html_report, LoadsNothingFromAnywhere) {
  const std::string still = still_part(sample::unsafe());
  for (const char* const character :
       {" src=", "@import", "url(", "<link rel=\"stylesheet\"", "http:"}) {
    EXPECT_FALSE(has(still, character)) << character;
  }
}

TEST(audit_html_report, HasTheSameTagsWhateverTheTextFromOutside) {
  const std::string evil = html_report(sample::hostile());
  EXPECT_EQ(test::tags_of(evil), test::tags_of(html_report(sample::harmless())));
  for (const char* const character : {"<img", "<script>document", "\x1b", "\xE2\x80\xAE"}) {
    EXPECT_FALSE(has(evil, character)) << character;
  }
}

TEST(audit_html_report, StaysBoundedHoweverMuchWasFound) {
  audit_result many = sample::large();
  finding small = many.findings[0];
  small.fix_prompt.clear();
  small.evidence_list.resize(1);
  small.evidence_list[0].timeline.resize(2);
  many.findings[0].evidence_list[0].timeline.resize(5000,
                                                    many.findings[0].evidence_list[0].timeline[0]);
  many.findings.resize(1000, small);
  many.roles.resize(5000, many.roles[0]);
  const std::string page = html_report(many);
  EXPECT_TRUE(has(page, "and 800 more findings; the JSON report has all"));
  EXPECT_TRUE(has(page, "(4,900 more)"));
  EXPECT_TRUE(has(page, "and 4,800 more patterns; the JSON report has all"));
  EXPECT_TRUE(has(page, "123,456 commands are not drawn"));
  EXPECT_LT(page.size(), 3'000'000U);
}

TEST(audit_page_series, AreJsonAndBounded) {
  audit_result many = sample::large();
  auto& operations = many.timeline.operations;
  const std::string few = page_series(many);
  operations.resize(3 * timeline_operations_max, operations[0]);
  const std::string text = page_series(many);
  const test::field_reader read{text};
  EXPECT_TRUE(read.fields().contains("findings.evidence.from"));
  EXPECT_LT(text.size(), 2 * few.size());
}

TEST(audit_page_series, SayEachTextOnce) {
  const std::string text = page_series(sample::unsafe());
  EXPECT_EQ(test::count_of(text, "\"SET lock:user:42 NX PX 10000\""), 1U);
}

TEST(audit_page_series, LeaveOutWhatPointsNowhere) {
  audit_result odd = sample::unsafe();
  odd.timeline.operations[0].key = 99;
  odd.timeline.operations[1].process = 99;
  odd.timeline.cold_events[0].key = 99;
  odd.timeline.loads[0].key = 99;
  odd.timeline.roles.resize(1);
  const std::string text = page_series(odd);
  EXPECT_FALSE(has(text, ",99,"));
  EXPECT_FALSE(has(text, "[99,"));
  EXPECT_TRUE(has(text, "\"roles\": [\"value\",\"other\",\"other\",\"other\"]"));
}

TEST(audit_page_series, LoseNoPeak) {
  audit_result long_run = sample::unsafe();
  long_run.timeline.loads_each_second.assign(10'000, 1);
  long_run.timeline.loads_each_second[7777] = 999;
  const std::string text = page_series(long_run);
  EXPECT_TRUE(has(text, "\"step\": 25"));
  EXPECT_TRUE(has(text, ",999,"));
}

}  // namespace
}  // namespace drover::audit::html_report_test
