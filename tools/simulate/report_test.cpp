// SPDX-License-Identifier: MIT
// How a result is told: bars, sentences, the table, and JSON.
#include "simulate/report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "cli/text_layout.hpp"
#include "simulate/sparkline.hpp"
#include "simulate/wording.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

measurement one_query() {
  measurement found;
  found.callers = 200;
  found.queries = found.queries_asked = found.fill_queries = 1;
  found.wait.max = 52ms;
  found.lag.max = 2ms;
  found.end = 53ms;
  found.spans = {{1ms, 51ms}};
  return found;
}

measurement stampede() {
  measurement found = one_query();
  found.queries = found.queries_asked = 200;
  found.wait.max = 93ms;
  found.lag.max = 40ms;
  found.end = 100ms;
  found.spans.assign(200, {1ms, 60ms});
  return found;
}

load_runs runs_with(const measurement& of_drover) {
  return {
      .load = 50ms,
      .runs = {{find_strategy("cache-aside"), stampede()}, {find_strategy("drover"), of_drover}}};
}

std::string verdict_of(const measurement& found) {
  return verdict(*find_strategy("lock"), found, 50ms);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(sparkline, ShowsAnythingAboveNothingAndFillsAtTheTop) {
  const std::vector<std::uint32_t> numbers{0, 1, 100, 101, 200, 999};
  EXPECT_EQ(sparkline(numbers, 200, true), " ▁▄▅██");
  EXPECT_EQ(sparkline(numbers, 200, false), " .=+##");
  EXPECT_EQ(sparkline(numbers, 0, false), " #####");
  EXPECT_EQ(sparkline({}, 5, true), "");
}

TEST(wording, SaysTimesInThreeDigits) {
  EXPECT_EQ(in_words(0ns), "0.0 ms");
  EXPECT_EQ(in_words(1740us), "1.7 ms");
  EXPECT_EQ(in_words(9960us), "10 ms");
  EXPECT_EQ(in_words(93ms), "93 ms");
  EXPECT_EQ(in_words(999600us), "1.00 s");
  EXPECT_EQ(in_words(2050ms), "2.05 s");
  EXPECT_EQ(in_words(12540ms), "12.5 s");
  EXPECT_EQ(load_in_words(2000ms), "2 s");
  EXPECT_EQ(load_in_words(1500ms), "1500 ms");
}

TEST(wording, NamesEachOutcome) {
  EXPECT_EQ(verdict_of(one_query()),
            "One query served 200 callers, the last 2.0 ms after the load.");
  EXPECT_TRUE(has(verdict_of(stampede()), "Every caller asked the database: a caller looks again"));
  measurement some = stampede();
  some.queries = some.queries_asked = 37;
  EXPECT_TRUE(has(verdict_of(some), "37 queries where one was enough: "));
  measurement late = one_query();
  late.lag.max = 64ms;
  EXPECT_TRUE(has(verdict_of(late), "but the last caller had its value only 64 ms after the load"));
}

TEST(wording, SaysWhenTheRunItselfWentWrong) {
  measurement amiss = one_query();
  amiss.errors = 3;
  amiss.first_error = "no route";
  EXPECT_EQ(verdict_of(amiss), "3 of 200 callers got an error: no route.");
  amiss = one_query();
  amiss.wrong_values = 1;
  EXPECT_EQ(verdict_of(amiss), "1 of 200 callers got a wrong value.");
  amiss = one_query();
  amiss.queries = amiss.queries_asked = 0;
  EXPECT_TRUE(has(verdict_of(amiss), "the key was not cold"));
  amiss = one_query();
  amiss.queries_asked = 2;
  EXPECT_TRUE(
      has(verdict_of(amiss), "The database counted 1 query, the strategy believes it sent 2"));
  amiss = one_query();
  amiss.fill_queries = 2;
  EXPECT_TRUE(has(verdict_of(amiss), "Filling the cache took 2 queries"));
}

TEST(report, IsMetOnlyWhenDroverLoadedOnceEachTime) {
  EXPECT_TRUE(is_met({runs_with(one_query()), runs_with(one_query())}));
  EXPECT_FALSE(is_met({runs_with(one_query()), runs_with(stampede())}));
  EXPECT_FALSE(is_met({}));
  EXPECT_FALSE(is_met({{.load = 50ms, .runs = {{find_strategy("cache-aside"), one_query()}}}}));
}

TEST(report, IsATableWithBarsOnOneScale) {
  const std::string text = text_report(runs_with(one_query()), {.is_unicode = false, .width = 70});
  EXPECT_EQ(text,
            "\n"
            "The query takes 50 ms\n"
            "\n"
            "             queries  slowest     last served  queries running\n"
            "                       caller  after the load  over time\n"
            "cache-aside      200    93 ms          +40 ms  ##############\n"
            "Drover             1    52 ms         +2.0 ms  ............\n"
            "                                               0                100 ms\n"
            "\n"
            "cache-aside  Every caller asked the database: nothing holds a caller\n"
            "             back between the end of the ttl and the next SETEX.\n"
            "Drover       One query served 200 callers, the last 2.0 ms after the\n"
            "             load.\n");
}

TEST(report, FitsEveryWidthAndHasNoEscapeCodesWithoutColour) {
  for (std::size_t width = 50; width <= 120; ++width) {
    const cli::terminal on{.width = width};
    const std::vector<load_runs> all{runs_with(one_query())};
    std::istringstream lines{headline({}, on) + text_report(all.front(), on)};
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(cli::columns_of(line), width) << line;
      EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
    }
  }
}

TEST(report, LeavesTheBarsOutWhereThereIsNoRoom) {
  EXPECT_FALSE(has(text_report(runs_with(one_query()), {.width = 50}), "over time"));
  EXPECT_TRUE(has(text_report(runs_with(one_query()), {.width = 80}), "over time"));
}

TEST(report, ShowsByColourWhatHeldAndWhatDidNot) {
  const std::string text = text_report(runs_with(one_query()), {.has_colour = true});
  EXPECT_TRUE(has(text, "\x1b[31m200\x1b[0m"));
  EXPECT_TRUE(has(text, "\x1b[32m1\x1b[0m"));
}

TEST(report, EndsWithWhetherThePromiseWasKept) {
  EXPECT_TRUE(has(conclusion({runs_with(one_query())}, {}), "Drover sent one query each time."));
  EXPECT_TRUE(has(conclusion({runs_with(stampede())}, {}), "did not keep its promise"));
}

TEST(report, SaysTheSameInJson) {
  const demo_options asked{.processes = 2, .callers = 100, .loads = {50ms}};
  const std::string json = json_report(asked, {runs_with(one_query())});
  for (const char* const part :
       {"\"version\": 1", "\"scenario\": \"expiry\"", "\"processes\": 2",
        "\"callers_per_process\": 100", "\"name\": \"cache-aside\"", "\"queries_total\": 200",
        "\"name\": \"drover\"", "\"queries_total\": 1", "\"max\": 52.000", "\"begun_ms\": 1.000",
        "\"met\": true"}) {
    EXPECT_TRUE(has(json, part)) << part << "\n" << json;
  }
  EXPECT_EQ(std::ranges::count(json, '{'), std::ranges::count(json, '}'));
  EXPECT_TRUE(has(json_report(asked, {runs_with(stampede())}), "\"met\": false"));
}

}  // namespace
}  // namespace drover::simulate
