// SPDX-License-Identifier: MIT
#include "simulate/report/text_report.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "simulate/report/sample_for_test.hpp"
#include "simulate/report/sparkline.hpp"
#include "simulate/report/wording.hpp"
#include "text/text_layout.hpp"

namespace drover::simulate::text_report_test {
namespace {

using namespace std::chrono_literals;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

strategy_result result_of_runs(const std::vector<run_record>& runs) {
  return sample::result_of("retry-lock", "the lock", "it is leaky", runs);
}

TEST(sparkline, ShowsAnythingAboveNothingAndFillsAtTheTop) {
  const std::vector<std::uint32_t> numbers{0, 1, 100, 101, 200, 999};
  EXPECT_EQ(sparkline(numbers, 200, true), " ▁▄▅██");
  EXPECT_EQ(sparkline(numbers, 200, false), " .=+##");
  EXPECT_EQ(sparkline(numbers, 0, false), " #####");
  EXPECT_EQ(sparkline({}, 5, true), "");
}

TEST(wording, NamesEachOutcome) {
  EXPECT_EQ(verdict(result_of_runs({sample::one_load(50ms)})),
            "One query served 200 calls, the last one 1.7 ms after the load.");
  EXPECT_EQ(verdict(result_of_runs({sample::one_load(50ms), sample::one_load(50ms)})),
            "One query for each of 2 cold events served 400 calls, the last one 1.7 ms after "
            "the load.");
  EXPECT_EQ(verdict(result_of_runs({sample::stampede(50ms)})),
            "Every call asked the database: it is leaky.");
  EXPECT_EQ(verdict(result_of_runs({sample::lock(50ms)})),
            "40 queries where one was enough: it is leaky.");
  EXPECT_EQ(verdict(result_of_runs({sample::lock(50ms), sample::one_load(50ms)})),
            "41 queries for 2 cold events, up to 40 for one: it is leaky.");
  run_record late = sample::one_load(50ms);
  late.calls[0].ended += 90ms;
  EXPECT_TRUE(
      has(verdict(result_of_runs({late})), ", the last one not until 90 ms after the load."));
  run_record early = sample::one_load(50ms);
  for (call_span& call : early.calls) call.ended = call.begun + 1ms;
  EXPECT_EQ(verdict(result_of_runs({early})),
            "One query served 200 calls; no call waited for a load.");
}

TEST(wording, BlamesNoStrategyForWhatWasBroken) {
  EXPECT_EQ(verdict(result_of_runs({sample::killed(300ms)})),
            "One query, and 1 more to replace queries of a killed or frozen process, served 150 "
            "calls, the last one 2.5 ms after the load; 50 calls ended with the process that was "
            "killed.");
  run_record frozen = sample::one_load(50ms);
  frozen.queries[0].is_disturbed = true;
  frozen.queries.push_back({.begun = 60ms, .ended = 110ms, .is_ended = true});
  frozen.queries_counted = frozen.queries_asked = 2;
  EXPECT_TRUE(has(verdict(result_of_runs({frozen})),
                  "1 more to replace queries of a killed or frozen process"));
  run_record all_frozen = sample::stampede(50ms);
  for (query_span& query : all_frozen.queries) query.is_disturbed = true;
  EXPECT_FALSE(is_one_load(result_of_runs({all_frozen}).measured));
  run_record broken = sample::lock(50ms);
  broken.markers.push_back({.at = 1ms, .kind = marker_kind::fault, .text = "Redis killed"});
  EXPECT_EQ(verdict(result_of_runs({broken})), "40 queries where one was enough.");
  strategy_result patient = result_of_runs({sample::lock(50ms)});
  patient.is_one_enough = false;
  EXPECT_EQ(verdict(patient), "40 queries for 200 calls.");
  run_record failing = sample::lock(50ms);
  for (call_span& call : failing.calls) call.outcome = answer::error;
  EXPECT_EQ(verdict(result_of_runs({failing})),
            "40 queries, and none of 200 calls got a value; 200 calls got an error.");
}

TEST(wording, SaysWhenTheRunSaysNothing) {
  EXPECT_EQ(verdict(result_of_runs({run_record{}})), "No call was made, so the run shows nothing.");
  run_record warm = sample::one_load(50ms);
  warm.queries.clear();
  warm.queries_counted = warm.queries_asked = 0;
  EXPECT_EQ(verdict(result_of_runs({warm})), "No query reached the database: nothing was cold.");
}

TEST(wording, AddsWhatWentWrongAndBothCountsWhereTheyDiffer) {
  run_record amiss = sample::one_load(50ms);
  amiss.calls[0].outcome = answer::error;
  amiss.calls[1].outcome = answer::wrong;
  amiss.calls[2].outcome = answer::none;
  amiss.calls[3].is_stale = true;
  amiss.calls_refused = 1000;
  amiss.first_error = "no route";
  amiss.queries_asked = 2;
  const std::string text = verdict(result_of_runs({amiss}));
  for (const char* const part : {"; 1 call got an error (no route)", "; 1 call got a wrong value",
                                 "; 1 call still waited when the run ended",
                                 "; 1 call got a value older than an acknowledged change",
                                 "; 1,000 calls found no free caller and were refused",
                                 "; the database counted 1 query, the tool 2."}) {
    EXPECT_TRUE(has(text, part)) << part << '\n' << text;
  }
  EXPECT_EQ(queries_in_words(result_of_runs({amiss}).measured), "1 (tool: 2)");
}

TEST(text_report, IsATableWithBarsOnOneScale) {
  const std::string text = text_report(sample::herd(), {.is_unicode = false, .width = 90});
  EXPECT_TRUE(has(text, "A hot key expires\n"));
  EXPECT_TRUE(has(text, "The query takes 50 ms\n"));
  EXPECT_TRUE(has(text, "The query takes 2 s\n"));
  EXPECT_TRUE(has(text, "queries    wait    wait    wait     last served  queries running"));
  EXPECT_TRUE(has(text, "after the load"));
  EXPECT_TRUE(has(text, "#"));
  EXPECT_TRUE(has(text, "not met: queries-per-event<=1 (found 200)"));
  EXPECT_TRUE(has(text, "Not met: 4 of 12 conditions"));
  EXPECT_TRUE(has(text, "Again: drover simulate --scenario expiry"));
}

TEST(text_report, HasOnlyTheColumnsThatMatter) {
  const text::terminal wide{.width = 200};
  const std::string plain = text_round(sample::herd().rounds[0], wide);
  const std::string full = text_round(sample::troubled().rounds[0], wide);
  for (const char* const head : {"per cold", "errors", "stale", "refused", "lost"}) {
    EXPECT_FALSE(has(plain, std::string{"  "} + head + "  ")) << head << '\n' << plain;
    EXPECT_TRUE(has(full, std::string{"  "} + head + "  ")) << head << '\n' << full;
  }
  EXPECT_FALSE(has(full, "wrong"));
  EXPECT_TRUE(has(full, "40-200"));
}

TEST(text_report, FitsEveryWidthAndHasNoEscapeCodesWithoutColour) {
  for (const simulation& results : {sample::herd(), sample::troubled(), sample::hostile()}) {
    simulation displayed = results;
    displayed.command.clear();  // the command is not wrapped, so that a user can copy it
    for (strategy_result& result : displayed.rounds[0].strategies) result.title.resize(12);
    for (std::size_t width = 80; width <= 130; ++width) {
      std::istringstream lines{text_report(displayed, {.width = width})};
      for (std::string line; std::getline(lines, line);) {
        EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
        if (displayed.title[0] != '<' && !has(line, "not met")) {
          EXPECT_LE(text::columns_of(line), width) << line;
        }
      }
    }
  }
}

TEST(text_report, GivesUpColumnsWhereThereIsNoRoom) {
  const round_result round = sample::herd().rounds[0];
  EXPECT_FALSE(has(text_round(round, {.width = 45}), "over time"));
  EXPECT_TRUE(has(text_round(round, {.width = 80}), "over time"));
  EXPECT_TRUE(has(text_round(round, {.width = 45}), "queries"));
}

TEST(text_report, ShowsByColourWhatHeldAndWhatDidNot) {
  const std::string text = text_round(sample::herd().rounds[0], {.has_colour = true, .width = 100});
  EXPECT_TRUE(has(text, "\x1b[31m200\x1b[0m"));
  EXPECT_TRUE(has(text, "\x1b[32m1\x1b[0m"));
}

TEST(text_report, ShowsAQueryThatHadToBeRepeatedAsNoFault) {
  EXPECT_TRUE(is_one_load(result_of_runs({sample::killed(50ms)}).measured));
  EXPECT_TRUE(is_one_load(result_of_runs({sample::one_load(50ms), sample::killed(50ms)}).measured));
  EXPECT_FALSE(is_one_load(result_of_runs({sample::one_load(50ms), sample::lock(50ms)}).measured));
  run_record twice = sample::one_load(50ms);
  twice.queries.push_back(twice.queries[0]);
  twice.queries_counted = 2;
  EXPECT_FALSE(is_one_load(result_of_runs({twice}).measured));
}

TEST(text_report, SaysWhenAllIsMetAndNothingWhenNothingWasExpected) {
  simulation results = sample::herd();
  for (round_result& round : results.rounds)
    round.strategies.erase(round.strategies.begin(), round.strategies.begin() + 2);
  EXPECT_TRUE(has(text_report(results, {}), "Everything expected was met."));
  for (round_result& round : results.rounds) round.strategies[0].checks.clear();
  EXPECT_FALSE(has(text_report(results, {}), " met"));
}

}  // namespace
}  // namespace drover::simulate::text_report_test
