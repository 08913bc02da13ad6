// SPDX-License-Identifier: MIT
#include "simulate/measure/measurement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "simulate/measure/cold_events.hpp"

namespace drover::simulate::measurement_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

query_span query(nanoseconds begun, nanoseconds ended, std::uint32_t key = 0) {
  return {.begun = begun, .ended = ended, .key = key, .is_ended = true};
}

call_span call(nanoseconds begun, nanoseconds ended, std::uint32_t key = 0) {
  return {.begun = begun, .ended = ended, .key = key, .outcome = answer::value};
}

run_record herd_of_three() {
  run_record record;
  record.queries = {query(1ms, 51ms)};
  record.calls = {call(0ms, 54ms), call(1ms, 52ms), call(10ms, 50ms)};
  record.markers = {{.at = 0ms, .kind = marker_kind::cold, .text = "the key is cold"}};
  record.end = 54ms;
  record.queries_counted = record.queries_asked = record.fill_queries = 1;
  record.calls_made = 3;
  return record;
}

measurement measure_run(const run_record& run, const measuring_rules& rules = {}) {
  return measure({&run, 1}, rules);
}

constexpr measuring_rules by_cluster{.events = event_rule::cluster, .event_gap = 100ms};

TEST(measurement, TakesWaitsFromEachCallAndLagFromTheEndOfTheFirstQuery) {
  const measurement measured = measure_run(herd_of_three());
  EXPECT_EQ(measured.calls, 3U);
  EXPECT_EQ(measured.cold_events, 1U);
  EXPECT_EQ(measured.queries_per_event, std::vector<std::uint64_t>{1});
  EXPECT_EQ(measured.wait.max, 54ms);
  EXPECT_EQ(measured.wait.p50, 51ms);
  EXPECT_EQ(measured.lag.max, 3ms);
  EXPECT_EQ(measured.lag.p50, 1ms);
  EXPECT_EQ(measured.end, 54ms);
  EXPECT_EQ(measured.queries_running_max, 1U);
}

TEST(measurement, TakesTheQueryThatEndedFirstAndDidEnd) {
  run_record record = herd_of_three();
  record.queries = {query(1ms, 90ms), query(2ms, 40ms), query(3ms, 10ms)};
  record.queries[2].is_ended = false;  // its process was killed
  EXPECT_EQ(measure_run(record).lag.max, 14ms);
  for (query_span& query : record.queries) query.is_ended = false;
  EXPECT_EQ(measure_run(record).lag, quantiles{});
}

TEST(measurement, TakesNoLagOfACallThatBeganAfterTheLoad) {
  run_record record = herd_of_three();
  record.calls.push_back(call(51ms, 500ms));
  EXPECT_EQ(measure_run(record).lag.max, 3ms);
  EXPECT_EQ(measure_run(record).wait.max, 449ms);
}

TEST(measurement, TakesTheLagOfACallFromTheQueriesOfItsOwnKey) {
  run_record record;
  record.queries = {query(0ms, 10ms, 0), query(0ms, 100ms, 1)};
  record.calls = {call(0ms, 12ms, 0), call(0ms, 101ms, 1), call(0ms, 900ms, 2)};
  EXPECT_EQ(measure_run(record).lag.max, 2ms);
  EXPECT_EQ(measure_run(record, by_cluster).lag.max, 2ms);
}

TEST(measurement, CountsWhatDidNotGoWellApart) {
  run_record record = herd_of_three();
  record.calls.resize(5, call(0ms, 1ms));
  record.calls[0].outcome = answer::wrong;
  record.calls[1].outcome = answer::error;
  record.calls[2].outcome = answer::none;
  record.calls[3].is_stale = true;
  record.calls[3].age = 70ms;
  record.calls[4].outcome = answer::absent;
  record.calls_refused = 11;
  record.first_error = "no luck";
  const measurement measured = measure_run(record);
  EXPECT_EQ(measured.wrong_values, 1U);
  EXPECT_EQ(measured.errors, 1U);
  EXPECT_EQ(measured.calls_lost, 1U);
  EXPECT_EQ(measured.stale_reads, 1U);
  EXPECT_EQ(measured.calls_refused, 11U);
  EXPECT_EQ(measured.age_max, 70ms);
  EXPECT_EQ(measured.first_error, "no luck");
}

TEST(measurement, LeavesCallsThatNeverCameBackOutOfTheWaits) {
  run_record record = herd_of_three();
  record.calls.push_back({.begun = 0ms, .ended = 10s, .outcome = answer::none});
  EXPECT_EQ(measure_run(record).wait.max, 54ms);
  EXPECT_EQ(measure_run(record).lag.max, 3ms);
}

TEST(measurement, TakesNoTimesOfACallWhoseProcessWasFrozenButItsAnswer) {
  run_record record = herd_of_three();
  record.calls.push_back(
      {.begun = 0ms, .ended = 10s, .outcome = answer::value, .is_disturbed = true});
  record.calls.push_back(
      {.begun = 0ms, .ended = 9s, .outcome = answer::error, .is_disturbed = true});
  const measurement measured = measure_run(record);
  EXPECT_EQ(measured.wait.max, 54ms);
  EXPECT_EQ(measured.lag.max, 3ms);
  EXPECT_EQ(measured.calls_lost, 0U);
  EXPECT_EQ(measured.errors, 1U);
}

TEST(measurement, PutsTheRunsOneBehindAnother) {
  run_record second = herd_of_three();
  second.queries_counted = 5;
  second.queries_asked = 4;
  second.first_error = "late";
  const std::vector<run_record> runs{herd_of_three(), second};
  const measurement measured = measure(runs, {});
  EXPECT_EQ(measured.queries_per_event, (std::vector<std::uint64_t>{1, 5}));
  EXPECT_EQ(measured.queries_total, 6U);
  EXPECT_EQ(measured.queries_asked, 5U);
  EXPECT_EQ(measured.fill_queries, 2U);
  EXPECT_EQ(measured.end, 108ms);
  EXPECT_EQ(measured.queries.at(1).begun, 55ms);
  EXPECT_EQ(measured.calls_logged.at(3).ended, 108ms);
  EXPECT_EQ(measured.markers.at(1).at, 54ms);
  EXPECT_EQ(measured.first_error, "late");
  EXPECT_EQ(measured.lag.max, 3ms);
}

TEST(measurement, GathersTheQueriesOfOneKeyThatBeginCloseTogether) {
  run_record record;
  record.queries = {query(0ms, 50ms), query(100ms, 150ms), query(101ms, 151ms),
                    query(102ms, 152ms, 7)};
  record.queries_counted = 9;  // more than the log holds
  const measurement measured = measure_run(record, by_cluster);
  EXPECT_EQ(measured.queries_per_event, (std::vector<std::uint64_t>{2, 1, 1}));
  EXPECT_EQ(measured.cold_events, 3U);
  EXPECT_EQ(measured.queries_total, 9U);
}

TEST(measurement, CountsAClusterFromItsFirstQueryAndNotFromItsLast) {
  run_record record;
  for (int i = 0; i < 4; ++i) record.queries.push_back(query(i * 60ms, i * 60ms + 10ms));
  EXPECT_EQ(measure_run(record, by_cluster).queries_per_event, (std::vector<std::uint64_t>{2, 2}));
}

TEST(measurement, TakesNoLagInAClusterOfACallThatWasBackBeforeItBegan) {
  run_record record;
  record.queries = {query(100ms, 150ms)};
  record.calls = {call(0ms, 1ms), call(120ms, 155ms)};
  const key_events events = cold_events_of(record, by_cluster);
  EXPECT_EQ(lag_of(record.calls[0], events), std::nullopt);
  EXPECT_EQ(lag_of(record.calls[1], events), 5ms);
  EXPECT_EQ(lag_of(record.calls[0], cold_events_of(record, {})), 0ms);
}

TEST(measurement, HasNoEventWithoutAQueryByClusterAndOneByRun) {
  EXPECT_EQ(measure_run({}, by_cluster).cold_events, 0U);
  EXPECT_EQ(measure_run({}).cold_events, 1U);
  EXPECT_EQ(measure_run({}).queries_per_event, std::vector<std::uint64_t>{0});
  EXPECT_EQ(measure_run({}).wait, quantiles{});
  EXPECT_EQ(measure({}, {}).cold_events, 0U);
}

TEST(measurement, QuantilesAreByNearestRank) {
  std::vector<nanoseconds> samples;
  for (int i = 200; i >= 1; --i) samples.emplace_back(i);
  EXPECT_EQ(quantiles_of(samples), (quantiles{.p50 = 100ns, .p99 = 198ns, .max = 200ns}));
  EXPECT_EQ(quantiles_of({7ns}), (quantiles{.p50 = 7ns, .p99 = 7ns, .max = 7ns}));
  EXPECT_EQ(quantiles_of({}), quantiles{});
}

TEST(measurement, QuantilesHaveTheirShareOfTheSamplesBelowThem) {
  std::mt19937 random{11};
  for (int round = 0; round < 200; ++round) {
    std::vector<nanoseconds> samples(1 + random() % 150);
    for (nanoseconds& sample : samples) sample = nanoseconds{random() % 40};
    const quantiles result = quantiles_of(samples);
    const auto has_below = [&](nanoseconds value, std::size_t percent) {
      const auto at_most =
          std::ranges::count_if(samples, [&](auto sample) { return sample <= value; });
      const auto below =
          std::ranges::count_if(samples, [&](auto sample) { return sample < value; });
      return static_cast<std::size_t>(at_most) * 100 >= percent * samples.size() &&
             static_cast<std::size_t>(below) * 100 < percent * samples.size();
    };
    EXPECT_TRUE(has_below(result.p50, 50));
    EXPECT_TRUE(has_below(result.p99, 99));
    EXPECT_EQ(result.max, *std::ranges::max_element(samples));
  }
}

TEST(measurement, CountsWhatRunsInEachPartOfTime) {
  const std::vector<query_span> spans{query(0ms, 24ms), query(30ms, 99ms), query(-5ms, 10ms),
                                      query(60ms, 500ms)};
  EXPECT_EQ(running_over_time(spans, 100ms, 4), (std::vector<std::uint32_t>{2, 1, 2, 2}));
  EXPECT_EQ(running_over_time(spans, 0ms, 2), (std::vector<std::uint32_t>{0, 0}));
  EXPECT_TRUE(running_over_time(spans, 100ms, 0).empty());
}

TEST(measurement, CountsShortSpansInOnePartOfTimeOnlyWhenTheyRunAtOnce) {
  const std::vector<call_span> spans{call(0ms, 10ms), call(10ms, 20ms), call(20ms, 25ms),
                                     call(30ms, 30ms)};
  EXPECT_EQ(waiting_over_time(spans, 100ms, 4), (std::vector<std::uint32_t>{1, 1, 0, 0}));
}

std::vector<query_span> random_queries(std::mt19937& random) {
  std::vector<query_span> spans(random() % 60);
  for (query_span& query : spans) {
    query.begun = nanoseconds{static_cast<int>(random() % 240) - 20};
    query.ended = query.begun + nanoseconds{1 + random() % 50};
    query.key = random() % 4;
    query.is_ended = random() % 8 != 0;
  }
  return spans;
}

TEST(measurement, SeriesAreWhatCountingAtEveryInstantGives) {
  std::mt19937 random{23};
  for (int round = 0; round < 100; ++round) {
    const std::vector<query_span> spans = random_queries(random);
    const nanoseconds end{200};
    const std::size_t bins = 1 + random() % 250;
    std::vector<std::uint32_t> expected(bins);
    for (std::size_t t = 0; t < 200; ++t) {
      const auto running = std::ranges::count_if(spans, [now = nanoseconds{t}](const auto& span) {
        return span.begun <= now && now < span.ended;
      });
      std::uint32_t& most = expected[t * bins / 200];
      most = std::max(most, static_cast<std::uint32_t>(running));
    }
    // With more bins than instants, `expected` has no count for the bins between two instants.
    const auto running_by_bin = running_over_time(spans, end, bins);
    for (std::size_t i = 0; i < bins && bins <= 200; ++i)
      EXPECT_EQ(running_by_bin[i], expected[i]) << i;
    EXPECT_EQ(std::ranges::max(running_by_bin), std::ranges::max(expected));
  }
}

TEST(measurement, LosesNoQueryWhicheverWayEventsAreMade) {
  std::mt19937 random{31};
  for (int round = 0; round < 200; ++round) {
    std::vector<run_record> runs(1 + random() % 4);
    std::size_t logged = 0;
    for (run_record& run : runs) {
      run.queries = random_queries(random);
      run.queries_counted = run.queries.size() + random() % 3;
      run.end = 300ns;
      logged += run.queries.size();
    }
    const measurement by_run = measure(runs, {});
    const measurement clustered =
        measure(runs, {.events = event_rule::cluster, .event_gap = nanoseconds{random() % 100}});
    const auto sum = [](const auto& counts) { return std::reduce(counts.begin(), counts.end()); };
    EXPECT_EQ(sum(by_run.queries_per_event), by_run.queries_total);
    EXPECT_EQ(sum(clustered.queries_per_event), logged);
    EXPECT_EQ(std::ranges::count(clustered.queries_per_event, 0U), 0);
    EXPECT_EQ(clustered.queries_total, by_run.queries_total);
    EXPECT_EQ(clustered.cold_events, clustered.queries_per_event.size());
  }
}

TEST(measurement, DoesNotDependOnTheOrderInTheLog) {
  std::mt19937 random{41};
  for (int round = 0; round < 100; ++round) {
    run_record record;
    record.queries = random_queries(random);
    for (const query_span& query : random_queries(random)) {
      record.calls.push_back(call(query.begun, query.ended, query.key));
    }
    const measuring_rules rules{.events = event_rule::cluster, .event_gap = 20ns};
    const measurement before = measure_run(record, rules);
    std::ranges::shuffle(record.queries, random);
    std::ranges::shuffle(record.calls, random);
    const measurement after = measure_run(record, rules);
    EXPECT_EQ(before.queries_per_event, after.queries_per_event);
    EXPECT_EQ(before.lag, after.lag);
    EXPECT_EQ(before.wait, after.wait);
    EXPECT_EQ(before.queries_running_max, after.queries_running_max);
  }
}

}  // namespace
}  // namespace drover::simulate::measurement_test
