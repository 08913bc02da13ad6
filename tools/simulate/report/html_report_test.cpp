// SPDX-License-Identifier: MIT
#include "simulate/report/html_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

#include "simulate/report/page_series.hpp"
#include "simulate/report/sample_for_test.hpp"
#include "simulate/report/svg.hpp"
#include "support/markup.hpp"
#include "text/page_parts.hpp"

namespace drover::simulate::html_report_test {
namespace {

using namespace std::chrono_literals;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST(page_series, AreCutDownAndLoseNoPeak) {
  run_record run;
  run.end = 100s;
  for (int i = 0; i < 20000; ++i) {
    const auto begun = i * 5ms;
    run.calls.push_back(
        {.begun = begun, .ended = begun + 1ms + i * 10us, .outcome = answer::value});
    run.queries.push_back({begun, begun + 1ms, 0, 0, true});
    run.markers.push_back({.at = begun, .kind = marker_kind::cold, .text = "cold"});
  }
  for (int i = 0; i < 300; ++i) run.queries.push_back({50s, 50s + 10us, 0, 0, true});
  simulation results = sample::herd();
  results.rounds[0].strategies[0].measured = measure({&run, 1}, {});
  const measurement& measured = results.rounds[0].strategies[0].measured;
  const auto activities = activity_of(measured);
  EXPECT_LE(activities.size(), series_max);
  EXPECT_EQ(std::ranges::max(activities, {}, &activity::running).running,
            measured.queries_running_max);
  EXPECT_TRUE(std::ranges::is_sorted(activities, {}, &activity::at));
  EXPECT_LE(waits_of(measured).size(), series_max);
  EXPECT_LT(html_report(results).size(), 400000U);
}

TEST(page_series, SayWhichShareWasBackWithinWhichTime) {
  const auto waits = waits_of(sample::herd().rounds[0].strategies[2].measured);
  ASSERT_EQ(waits.size(), 200U);
  EXPECT_DOUBLE_EQ(waits.front().percent, 0.5);
  EXPECT_DOUBLE_EQ(waits.back().percent, 100);
  EXPECT_TRUE(std::ranges::is_sorted(waits, {}, &waited::time));
  EXPECT_TRUE(waits_of({}).empty());
}

TEST(page_series, AreOnlyWhereSomethingChanges) {
  run_record run;
  run.end = 400ms;
  run.queries = {{100ms, 200ms, 0, 0, true}};
  const auto activities = activity_of(measure({&run, 1}, {}));
  const std::vector<activity> expected{{0ms, 0, 0}, {100ms, 0, 1}, {200ms, 0, 0}};
  EXPECT_EQ(activities, expected);
}

TEST(page_series, AddUpTheCallsThatWereRefused) {
  run_record run;
  run.end = 400ms;
  run.refusals = {100ms, 100ms, 399ms};
  const run_record both[] = {run, run};
  const auto activities = activity_of(measure(both, {}));
  ASSERT_EQ(activities.size(), 5U);
  std::vector<std::uint32_t> refused;
  for (const activity& sample : activities) refused.push_back(sample.refused);
  EXPECT_EQ(refused, (std::vector<std::uint32_t>{0, 2, 3, 5, 6}));

  simulation results = sample::herd();
  EXPECT_EQ(html_report(results).find("refused so far</span>"), std::string::npos);
  results.rounds[0].strategies[0].measured = measure(both, {});
  EXPECT_NE(html_report(results).find("refused so far</span>"), std::string::npos);
}

TEST(page_series, TakePlacesEvenly) {
  EXPECT_EQ(evenly(5, 9), (std::vector<std::size_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(evenly(101, 3), (std::vector<std::size_t>{0, 50, 100}));
  EXPECT_EQ(evenly(9, 1), std::vector<std::size_t>{0});
  EXPECT_TRUE(evenly(0, 9).empty());
}

TEST(html_report, SaysEverythingWithoutAScript) {
  const std::string page = html_report(sample::troubled());
  const std::string_view still = std::string_view{page}.substr(0, page.find("<script"));
  for (const char* const part :
       {"The holder is killed mid-load", "Does somebody take over", "SQLite 3.40.1", "Redis 7.0.15",
        "280 (tool: 283)", ">1,234<", "cannot open the database: it is busy", "process 2 killed",
        "callers_per_process", "drover simulate --scenario expiry",
        "not met: queries-per-event&lt;=1 (found 200)", "Permission is hereby granted"}) {
    EXPECT_TRUE(has(still, part)) << part;
  }
  EXPECT_EQ(test::count_of(still, "<canvas"), test::count_of(still, "role=\"img\""));
}

TEST(html_report, HasATimelineForEachStrategyOfEachRound) {
  const std::string page = html_report(sample::herd());
  for (const char* const id : {"r0s0", "r0s1", "r0s2", "r1s0", "r1s1", "r1s2"}) {
    EXPECT_EQ(test::count_of(page, "id=\"" + std::string{id} + "\""), 1U);
    EXPECT_EQ(test::count_of(page, "href=\"#" + std::string{id} + "\""), 2U);
  }
}

TEST(html_report, LoadsNothingFromAnywhere) {
  const std::string page = html_report(sample::herd());
  for (const char* const part : {" src=", "@import", "url(", "<link rel=\"stylesheet\""}) {
    const std::string own = page.substr(0, page.rfind("<script>", page.find(text::chart_script)));
    EXPECT_FALSE(has(own, part)) << part;
  }
  EXPECT_TRUE(has(page, "default-src 'none'"));
}

TEST(html_report, HasTheSameTagsWhateverTheTextFromOutside) {
  simulation evil = sample::hostile();
  simulation harmless = evil;
  const std::string word = "word";
  harmless.scenario = harmless.title = harmless.look_for = harmless.origin = harmless.server =
      harmless.command = word;
  harmless.parameters.back() = {word, word};
  for (round_result& round : harmless.rounds) {
    round.load = round.load_in_words = word;
    for (strategy_result& result : round.strategies) {
      result.name = result.title = result.weakness = result.measured.first_error = word;
      result.checks.back() = {word, false, word};
      for (timeline_marker& marker : result.measured.markers) marker.text = word;
    }
  }
  EXPECT_EQ(test::tags_of(html_report(evil)), test::tags_of(html_report(harmless)));
  EXPECT_EQ(test::tags_of(svg_picture(evil)), test::tags_of(svg_picture(harmless)));
  EXPECT_FALSE(has(html_report(evil), "<img"));
  EXPECT_FALSE(has(html_report(evil), "\x1b"));
}

TEST(svg_picture, HasALaneAndANumberForEachStrategy) {
  const std::string picture = svg_picture(sample::herd());
  EXPECT_EQ(test::count_of(picture, "<path"), 6U);
  EXPECT_EQ(test::count_of(picture, ">200</text>"), 2U);
  EXPECT_EQ(test::count_of(picture, ">1</text>"), 2U);
  EXPECT_TRUE(has(picture, "cache-aside 200 queries; retry lock 40 queries; Drover 1 query"));
  EXPECT_TRUE(has(picture, "prefers-color-scheme:dark"));
  EXPECT_LT(picture.size(), 16000U);
}

TEST(svg_picture, DrawsASingleQuerySoThatItIsSeen) {
  const std::string picture = svg_picture(sample::herd());
  const std::size_t at = picture.rfind("<path");
  EXPECT_TRUE(has(picture.substr(at), "class=\"area good\""));
  EXPECT_EQ(test::count_of(picture.substr(at, picture.find('\n', at) - at), "V"), 2U);
}

}  // namespace
}  // namespace drover::simulate::html_report_test
