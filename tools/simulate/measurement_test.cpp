// SPDX-License-Identifier: MIT
#include "simulate/measurement.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

herd_record herd_of_three() {
  herd_record record;
  record.fill_queries = 1;
  record.queries_counted = 1;
  record.queries_asked = 1;
  record.queries = {{1ms, 51ms}};
  record.callers = {
      {{1ms, 52ms}, answer::right}, {{0ms, 54ms}, answer::right}, {{10ms, 50ms}, answer::right}};
  return record;
}

TEST(measurement, TakesWaitsFromEachCallAndLagFromTheEndOfTheFirstQuery) {
  const measurement found = measure(herd_of_three());
  EXPECT_EQ(found.callers, 3U);
  EXPECT_EQ(found.queries, 1U);
  EXPECT_EQ(found.wait.max, 54ms);
  EXPECT_EQ(found.wait.p50, 51ms);
  EXPECT_EQ(found.lag.max, 3ms);
  EXPECT_EQ(found.lag.p50, 1ms);
  EXPECT_EQ(found.end, 54ms);
  EXPECT_TRUE(found.is_one_load());
}

TEST(measurement, TakesTheQueryThatEndedFirst) {
  herd_record record = herd_of_three();
  record.queries = {{1ms, 90ms}, {2ms, 40ms}};
  EXPECT_EQ(measure(record).lag.max, 14ms);
}

TEST(measurement, IsNotOneLoadWhenAnythingIsAmiss) {
  EXPECT_TRUE(measure(herd_of_three()).is_one_load());
  const auto amiss = [](auto change) {
    herd_record record = herd_of_three();
    change(record);
    return !measure(record).is_one_load();
  };
  EXPECT_TRUE(amiss([](herd_record& r) { r.queries_counted = 2; }));
  EXPECT_TRUE(amiss([](herd_record& r) { r.queries_counted = 0; }));
  EXPECT_TRUE(amiss([](herd_record& r) { r.queries_asked = 2; }));
  EXPECT_TRUE(amiss([](herd_record& r) { r.fill_queries = 2; }));
  EXPECT_TRUE(amiss([](herd_record& r) { r.callers[1].got = answer::wrong; }));
  EXPECT_TRUE(amiss([](herd_record& r) { r.callers[1].got = answer::error; }));
  EXPECT_TRUE(amiss([](herd_record& r) { r.callers[1].got = answer::none; }));
}

TEST(measurement, CountsErrorsAndWrongValuesApart) {
  herd_record record = herd_of_three();
  record.callers[0].got = answer::wrong;
  record.callers[1].got = answer::error;
  record.callers[2].got = answer::none;
  record.first_error = "no luck";
  const measurement found = measure(record);
  EXPECT_EQ(found.wrong_values, 1U);
  EXPECT_EQ(found.errors, 2U);
  EXPECT_EQ(found.first_error, "no luck");
}

TEST(measurement, HoldsForAnEmptyRecord) {
  const measurement found = measure({});
  EXPECT_EQ(found.wait.max, 0ns);
  EXPECT_EQ(found.end, 0ns);
  EXPECT_FALSE(found.is_one_load());
}

TEST(measurement, QuantilesAreByNearestRank) {
  std::vector<nanoseconds> samples;
  for (int i = 200; i >= 1; --i) samples.emplace_back(i);
  const quantiles of = quantiles_of(samples);
  EXPECT_EQ(of.p50, 100ns);
  EXPECT_EQ(of.p99, 198ns);
  EXPECT_EQ(of.max, 200ns);
  EXPECT_EQ(quantiles_of({7ns}).p50, 7ns);
  EXPECT_EQ(quantiles_of({}).p99, 0ns);
}

TEST(measurement, CountsWhatRunsInEachPartOfTime) {
  const std::vector<time_span> spans{{0ms, 24ms}, {30ms, 99ms}, {-5ms, 10ms}, {60ms, 500ms}};
  EXPECT_EQ(running_over_time(spans, 100ms, 4), (std::vector<std::uint32_t>{2, 1, 2, 2}));
  EXPECT_EQ(running_over_time(spans, 0ms, 2), (std::vector<std::uint32_t>{0, 0}));
  EXPECT_TRUE(running_over_time(spans, 100ms, 0).empty());
}

}  // namespace
}  // namespace drover::simulate
