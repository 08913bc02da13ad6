// SPDX-License-Identifier: MIT
#include "audit/report/text_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "audit/report/sample_for_test.hpp"
#include "audit/report/wording.hpp"
#include "text/text_layout.hpp"

namespace drover::audit::text_report_test {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(audit_wording, CountsFindingsByTheirSeverity) {
  EXPECT_EQ(findings_in_words(sample::unsafe()), "2 errors, 1 warning, 1 accepted");
  EXPECT_EQ(findings_in_words(sample::safe()), "no findings");
  audit_result accepted = sample::unsafe();
  for (finding& finding : accepted.findings) finding.accepted = "known";
  EXPECT_EQ(findings_in_words(accepted), "no findings, 4 accepted");
}

TEST(audit_wording, SaysTheRunInFigures) {
  EXPECT_EQ(run_in_words(sample::unsafe().run),
            "12.4 s, 8,412 commands by 4 processes on 855 keys, 14 cold events, 12 contended, 72 "
            "loads and 12 refreshes (the origin counted 90)");
  EXPECT_EQ(run_in_words(sample::quiet().run),
            "800 ms, 12 commands by 1 process on 2 keys, 0 cold events, 0 loads");
}

TEST(audit_wording, SaysHowManyCommandsPassedIfNotAllWereExamined) {
  audit_result::figures run = sample::quiet().run;
  run.commands_passed = 20;
  EXPECT_TRUE(has(run_in_words(run), "12 commands of 20 that passed by 1 process"));
  run.sampled_share = 1.0 / 16;
  EXPECT_TRUE(has(run_in_words(run),
                  "12 commands of 20 that passed (6.25 % of the keys were examined) by 1 process"));
}

TEST(audit_text_report, BeginsWithTheVerdictAndATableOfFindings) {
  const std::string text = text_report(sample::unsafe(), {.width = 200});
  const auto lines = lines_of(text);
  EXPECT_EQ(lines[0], "FAIL  2 errors, 1 warning, 1 accepted");
  EXPECT_EQ(lines[1], "2 errors: stampede-cold-key on user:*, foreign-unlock on lock:user:*");
  EXPECT_EQ(lines[4], "error     C101 stampede-cold-key    user:*          14 of 14  proof");
  EXPECT_EQ(lines[7], "accepted  C303 synchronised-expiry  shop:product:*         1  suspected");
}

TEST(audit_text_report, ShowsTheFirstEvidenceWithItsBeginningAndItsEnd) {
  const std::string text = text_report(sample::unsafe(), {.width = 100});
  for (const char* const part :
       {"after 3.40 s: 12 loads of one value within 52 ms",
        "     +0.0 ms  several processes  GET user:42 -> nothing, 12 times\n",
        "    +51.2 ms  several processes  SET user:42 EX 60 -> OK, 12 times\n",
        "  +118.0 ms  python3 (4712)  SET lock:user:42 (token b) NX PX 100 -> OK\n"}) {
    EXPECT_TRUE(has(text, part)) << part << '\n' << text;
  }
  EXPECT_FALSE(has(text, "GET user:7")) << "only the first case";
}

TEST(audit_text_report, SaysWhichFaultsWereInjectedAndWhatTheyMayExplain) {
  const std::string text = text_report(sample::unsafe(), {.width = 100});
  for (const char* const part :
       {"Injected faults\n",
        "2 times  reset command=set chance=1%  after 3.45 s, last after 6.41 s",
        " 1 time  down from=8s for=1s          after 8.00 s\n",
        "The faults may explain 2 cold events, 1 lock hold, 3 loads, stores and waits. No rule "
        "has"}) {
    EXPECT_TRUE(has(text, part)) << part << '\n' << text;
  }
  EXPECT_FALSE(has(text_report(sample::safe(), {.width = 100}), "Injected faults"));
}

TEST(audit_text_report, SaysHowTheApplicationBoreEachOutage) {
  const std::string text = text_report(sample::unsafe(), {.width = 100});
  for (const char* const part :
       {"Outages\n",
        "away    after 8.00 s for 1.00 s  2 of 5 checks failed; served its callers again after 310 "
        "ms\n",
        "silent  after 8.00 s for 1.00 s  not judged: the run ended during the outage\n"}) {
    EXPECT_TRUE(has(text, part)) << part << '\n' << text;
  }
  EXPECT_FALSE(has(text_report(sample::safe(), {.width = 100}), "Outages"));
}

TEST(audit_text_report, LeavesOutTheMiddleOfALongEvidence) {
  audit_result audited = sample::unsafe();
  auto& timeline = audited.findings[0].evidence_list[0].timeline;
  timeline.clear();
  for (int i = 0; i < 30; ++i) timeline.emplace_back().text = "GET user:" + std::to_string(i);
  const std::string text = text_report(audited, {.width = 100});
  for (const char* const part : {"GET user:5\n", "(18 more)", "GET user:24\n", "GET user:29\n"}) {
    EXPECT_TRUE(has(text, part)) << part << '\n' << text;
  }
  EXPECT_FALSE(has(text, "GET user:6\n"));
  EXPECT_FALSE(has(text, "GET user:23\n"));
}

TEST(audit_text_report, ShowsTheLineThatDecidesInTheMiddleOfALongEvidence) {
  audit_result audited = sample::unsafe();
  auto& timeline = audited.findings[0].evidence_list[0].timeline;
  timeline.clear();
  for (int i = 0; i < 40; ++i) timeline.emplace_back().text = "GET user:" + std::to_string(i);
  timeline[20].text = "SET user:42 -> stored";
  timeline[20].changed_key = true;
  const std::string text = text_report(audited, {.width = 100});
  EXPECT_TRUE(has(text, "SET user:42 -> stored")) << text;
  EXPECT_TRUE(has(text, "(14 more)")) << text;
}

TEST(audit_text_report, ShowsTheSameLineInARowOnce) {
  audit_result audited = sample::unsafe();
  audited.findings.resize(1);
  audited.findings[0].evidence_list.resize(1);
  auto& timeline = audited.findings[0].evidence_list[0].timeline;
  timeline.assign(30, {.process = "app (1)", .text = "GET user:42 -> nothing"});
  timeline[3].process = "app (2)";
  timeline[28].text = timeline[29].text = "SET user:42 -> stored";
  const std::string text = text_report(audited, {.width = 100});
  EXPECT_TRUE(has(text, "several processes  GET user:42 -> nothing, 28 times\n")) << text;
  EXPECT_TRUE(has(text, "app (1)            SET user:42 -> stored, 2 times\n")) << text;
  EXPECT_FALSE(has(text, "more)"));
}

TEST(audit_text_report, WithoutACommandItSaysHowToGetAny) {
  const audit_result audited;
  const std::string text = text_report(audited, {.width = 1000});
  EXPECT_TRUE(has(text, "--set-env")) << text;
  EXPECT_FALSE(has(text, "not exercised")) << text;
}

TEST(audit_wording, SaysNoNegativeZero) {
  using namespace std::chrono_literals;
  EXPECT_EQ(since(10ms, 10ms - 20us), "+0.0 ms");
  EXPECT_EQ(since(10ms, 9ms), "-1.0 ms");
  EXPECT_EQ(since(10ms, 12ms), "+2.0 ms");
}

TEST(audit_wording, SaysHowToCallAFindingWrong) {
  finding finding;
  finding.pattern = "it's:*";
  EXPECT_TRUE(has(if_wrong(finding), R"(--role 'it'\''s:*=mark')")) << if_wrong(finding);
  EXPECT_TRUE(has(if_wrong(finding), R"(--role 'it'\''s:*=ignore')"));
  finding.pattern.clear();
  EXPECT_FALSE(has(if_wrong(finding), "--role"));
  EXPECT_TRUE(has(if_wrong(finding), "--baseline"));
  const std::string text = text_report(sample::unsafe(), {.width = 1000});
  EXPECT_TRUE(has(text, "  wrong? If these keys are no cached values or locks")) << text;
}

TEST(audit_text_report, BeginsWithTheVerdict) {
  const audit_result result = sample::unsafe();
  const std::string verdict = verdict_lines(result, {.width = 1000});
  EXPECT_TRUE(verdict.starts_with("FAIL  ")) << verdict;
  EXPECT_TRUE(has(verdict, result.reason));
  EXPECT_TRUE(text_report(result, {.width = 1000}).starts_with(verdict));
}

TEST(audit_text_report, SaysWhatToDo) {
  const std::string text = text_report(sample::unsafe(), {.width = 1000});
  EXPECT_TRUE(has(text, "  to do: " + std::string{rule_of("C206").advice}));
  EXPECT_TRUE(has(text, "library: redis-py"));
  EXPECT_TRUE(has(text, "accepted: the catalogue is warmed once a night"));
  EXPECT_TRUE(has(text, "Next: add `--format html --out audit.html`"));
  EXPECT_TRUE(has(text_report(sample::quiet(), {.width = 1000}), "drover audit --active"));
  EXPECT_TRUE(has(text_report(sample::safe(), {.width = 1000}), "not a pass"));
}

TEST(audit_text_report, SaysWhatEachRuleHadToGoByAndWhatWasNotExercised) {
  const std::string text = text_report(sample::safe(), {.width = 100});
  EXPECT_TRUE(has(text, "pass  C101 stampede-cold-key"));
  EXPECT_TRUE(has(text, "14 cold events, widest 12 waiters"));
  EXPECT_TRUE(has(text, "not exercised:\n  C206 (no lease ever ran out)\n")) << text;
  EXPECT_TRUE(has(text, "\n  C207, C208, "));
  EXPECT_TRUE(has(text_report(sample::unsafe(), {}), "Notices\nC902 opaque-script: EVALSHA"));
}

TEST(audit_text_report, SaysWhatCannotBeJudgedApartFromWhatWasNotExercised) {
  audit_result audited = sample::safe();
  audited.coverage[0].not_judged = "2 stores, because nobody knows";
  coverage_line& line = audited.coverage.back();
  line.state = coverage_line::status::not_judged;
  line.not_judged = "3 waits, because no lease is known";
  const std::string text = text_report(audited, {.width = 1000});
  EXPECT_TRUE(has(text, "seen, but cannot be judged:\n  " + line.rule +
                            " (3 waits, because no lease is known)\nnot exercised:\n"))
      << text;
  EXPECT_TRUE(has(text, "cannot be judged: 2 stores, because nobody knows")) << text;
  EXPECT_TRUE(has(text, "Next: read why 1 rule could not judge what it saw")) << text;
}

TEST(audit_text_report, SaysOnceThatRulesWereNotExercised) {
  audit_result audited = sample::safe();
  audited.notices = {sample::make_finding("C901", confidence::proof, "", "20 rules idle")};
  const std::string text = text_report(audited, {.width = 100});
  EXPECT_EQ(test::count_of(text, "not exercised:"), 1U) << text;
  EXPECT_FALSE(has(text, "C901")) << text;
  EXPECT_FALSE(has(text, "Notices")) << text;
}

TEST(audit_text_report, StaysReadableHoweverMuchWasFound) {
  audit_result many = sample::unsafe();
  many.findings.resize(500, many.findings[0]);
  many.roles.resize(500, many.roles[0]);
  const std::string text = text_report(many, {.width = 100});
  EXPECT_TRUE(has(text, "(440 more findings; the JSON report has all)"));
  EXPECT_TRUE(has(text, "(480 more findings with evidence; the JSON report has all)"));
  EXPECT_TRUE(has(text, "(480 more patterns; the JSON report has all)"));
  EXPECT_LT(lines_of(text).size(), 700U);
}

TEST(audit_text_report, BreaksWhatIsTooLongAndLeavesNothingOut) {
  audit_result audited = sample::safe();
  audited.coverage[0].detail =
      "5 cold events, 5 wanted by two or more at once, 4 loads in the worst";
  const std::string text = text_report(audited, {.width = 70});
  EXPECT_TRUE(has(text, "pass  C101 stampede-cold-key       5 cold events, 5 wanted by two or\n" +
                            std::string(35, ' ') + "more at once, 4 loads in the worst\n"))
      << text;
}

TEST(audit_text_report, FitsTheWidth) {
  for (std::size_t width = 90; width <= 120; width += 3) {
    for (const auto& result : {sample::unsafe(), sample::safe(), sample::quiet()}) {
      for (const std::string& line : lines_of(text_report(result, {.width = width}))) {
        EXPECT_LE(text::columns_of(line), width) << line;
      }
    }
  }
}

TEST(audit_text_report, SendsNothingToTheTerminalThatWouldMoveIt) {
  const std::string text = text_report(sample::hostile(), {.width = 100});
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    EXPECT_TRUE(byte == '\n' || (code >= 0x20 && code != 0x7F)) << int{code};
  }
  EXPECT_FALSE(has(text, "\xE2\x80\xAE"));
  EXPECT_TRUE(has(text, "\\x1b]0;owned\\x07"));
}

TEST(audit_text_report, HasTheSameLinesWhateverTheTextFromOutside) {
  const text::terminal wide{.width = 100'000};
  EXPECT_EQ(lines_of(text_report(sample::hostile(), wide)).size(),
            lines_of(text_report(sample::harmless(), wide)).size());
}

TEST(audit_text_report, ShowsTheVerdictByColour) {
  const text::terminal colours{.has_colour = true, .width = 100};
  EXPECT_TRUE(has(text_report(sample::unsafe(), colours), "\x1b[31mFAIL\x1b[0m"));
  EXPECT_TRUE(has(text_report(sample::safe(), colours), "\x1b[32mPASS\x1b[0m"));
  EXPECT_TRUE(has(text_report(sample::quiet(), colours), "\x1b[1mINCONCLUSIVE\x1b[0m"));
}

}  // namespace
}  // namespace drover::audit::text_report_test
