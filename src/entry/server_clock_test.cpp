// SPDX-License-Identifier: MIT
#include "entry/server_clock.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/random.hpp"

namespace drover::entry::server_clock_test {
namespace {

using std::chrono::seconds;

constexpr std::int64_t server_start_ms = 1'700'000'000'000;

steady_time steady(microseconds count) { return steady_time{count}; }

/// A sample received at `at` whose reading is wrong by `error`. The server's clock shows
/// `server_start_ms` at the local time zero.
server_clock::sample sample_at(microseconds at, microseconds round_trip,
                               milliseconds error = milliseconds{0}) {
  const microseconds midpoint = at - round_trip / 2;
  return {steady(at - round_trip), steady(at),
          server_time{milliseconds{server_start_ms} + std::chrono::floor<milliseconds>(midpoint) +
                      error}};
}

milliseconds error_at(const server_clock& clock, microseconds now) {
  return clock.at(steady(now)).value().time_since_epoch() - milliseconds{server_start_ms} -
         std::chrono::floor<milliseconds>(now);
}

TEST(server_clock, KnowsNothingBeforeItsFirstSample) {
  const server_clock clock;
  EXPECT_EQ(clock.at(steady(seconds{1})), std::nullopt);
}

TEST(server_clock, TakesTheServersTimeForThatOfTheMidpoint) {
  server_clock clock;
  clock.add({steady(milliseconds{100}), steady(milliseconds{120}),
             server_time{milliseconds{server_start_ms}}});
  EXPECT_EQ(clock.at(steady(milliseconds{110})), server_time{milliseconds{server_start_ms}});
  EXPECT_EQ(clock.at(steady(milliseconds{200})), server_time{milliseconds{server_start_ms + 90}});
  EXPECT_EQ(clock.at(steady(milliseconds{10})), server_time{milliseconds{server_start_ms - 100}});
}

TEST(server_clock, GoesByTheSmallestRoundTrip) {
  server_clock clock;
  clock.add(sample_at(seconds{1}, milliseconds{40}, milliseconds{15}));
  EXPECT_EQ(error_at(clock, seconds{2}), milliseconds{15});
  clock.add(sample_at(seconds{2}, milliseconds{10}, milliseconds{2}));
  EXPECT_EQ(error_at(clock, seconds{3}), milliseconds{2});
  clock.add(sample_at(seconds{3}, milliseconds{30}, milliseconds{-8}));
  EXPECT_EQ(error_at(clock, seconds{4}), milliseconds{2});
  clock.add(sample_at(seconds{4}, milliseconds{4}, milliseconds{1}));
  EXPECT_EQ(error_at(clock, seconds{5}), milliseconds{1});
}

TEST(server_clock, PrefersTheNewerOfTwoEqualRoundTrips) {
  server_clock clock;
  clock.add(sample_at(seconds{1}, milliseconds{10}, milliseconds{3}));
  clock.add(sample_at(seconds{2}, milliseconds{10}, milliseconds{-3}));
  EXPECT_EQ(error_at(clock, seconds{3}), milliseconds{-3});
}

TEST(server_clock, ForgetsASampleAfterAMinute) {
  server_clock clock;
  clock.add(sample_at(seconds{10}, milliseconds{2}, milliseconds{1}));
  clock.add(sample_at(seconds{60}, milliseconds{40}, milliseconds{-12}));
  EXPECT_EQ(error_at(clock, seconds{70}), milliseconds{1});
  EXPECT_EQ(error_at(clock, seconds{70} + microseconds{1'000}), milliseconds{-12});
}

TEST(server_clock, GoesOnWithItsNewestSampleWhenNoneIsRecent) {
  server_clock clock;
  clock.add(sample_at(seconds{10}, milliseconds{2}, milliseconds{1}));
  clock.add(sample_at(seconds{20}, milliseconds{40}, milliseconds{-12}));
  EXPECT_EQ(error_at(clock, seconds{1'000}), milliseconds{-12});
}

TEST(server_clock, KnowsNothingAfterAReset) {
  server_clock clock;
  clock.add(sample_at(seconds{10}, milliseconds{2}));
  clock.reset();
  EXPECT_EQ(clock.at(steady(seconds{10})), std::nullopt);
}

TEST(server_clock, FollowsAServerClockThatSteps) {
  for (const milliseconds step : {milliseconds{-5'000}, milliseconds{5'000}}) {
    server_clock clock;
    clock.add(sample_at(seconds{10}, milliseconds{2}));
    clock.add(sample_at(seconds{11}, milliseconds{40}, step));
    EXPECT_EQ(error_at(clock, seconds{12}), step);
  }
}

TEST(server_clock, StartsAgainWhenOurOwnClockGoesBack) {
  server_clock clock;
  clock.add(sample_at(seconds{100}, milliseconds{2}));
  clock.add(sample_at(seconds{50}, milliseconds{20}, milliseconds{3}));
  EXPECT_EQ(error_at(clock, seconds{51}), milliseconds{3});
}

TEST(server_clock, KeepsItsNewestSampleWhenFull) {
  server_clock clock;
  for (int i = 1; i <= 40; ++i) {
    clock.add(sample_at(seconds{i}, milliseconds{2 * i}, milliseconds{i % 2}));
  }
  EXPECT_EQ(error_at(clock, seconds{41}), milliseconds{1});
  EXPECT_EQ(error_at(clock, seconds{95}), milliseconds{0});
}

TEST(server_clock, GivesNoRoomToSamplesOfLongAgo) {
  server_clock clock;
  for (int i = 1; i <= 20; ++i) clock.add(sample_at(seconds{i}, milliseconds{2 * i}));
  clock.add(sample_at(seconds{200}, milliseconds{50}, milliseconds{1}));
  clock.add(sample_at(seconds{201}, milliseconds{60}, milliseconds{-5}));
  EXPECT_EQ(error_at(clock, seconds{202}), milliseconds{1});
}

TEST(server_clock, LeavesOutWhatCannotBe) {
  server_clock clock;
  clock.add({steady(seconds{2}), steady(seconds{1}), server_time{milliseconds{server_start_ms}}});
  clock.add({steady(seconds{1}), steady(seconds{2}), server_time{milliseconds{-1}}});
  clock.add({steady(seconds{1}), steady(seconds{2}), server_time::max()});
  clock.add({steady(seconds{1}), steady(seconds{2}), server_time::min()});
  EXPECT_EQ(clock.at(steady(seconds{2})), std::nullopt);
}

TEST(server_clock, SurvivesTheEndsOfTime) {
  server_clock clock;
  const server_time server_now{milliseconds{server_start_ms}};
  clock.add({steady_time::min(), steady_time::max(), server_now});
  clock.add({steady_time::max(), steady_time::max(), server_now});
  clock.add({steady_time::min(), steady_time::min(), server_now});
  EXPECT_TRUE(clock.at(steady_time::max()).has_value());
  EXPECT_TRUE(clock.at(steady_time::min()).has_value());
}

TEST(server_clock, MayBeAheadByHalfTheRoundTripAndTheRoundedMillisecond) {
  server_clock clock;
  EXPECT_EQ(clock.most_ahead(steady(seconds{1})), microseconds::zero());
  clock.add(sample_at(seconds{1}, microseconds{41'001}));
  EXPECT_EQ(clock.most_ahead(steady(seconds{1})), microseconds{21'501});
  clock.add(sample_at(seconds{2}, milliseconds{10}));
  EXPECT_EQ(clock.most_ahead(steady(seconds{2})), milliseconds{6});
}

/// The error of the estimate is at most half the best round trip of the last minute, for any
/// delays.
TEST(server_clock, ErrsByNoMoreThanHalfTheBestRoundTrip) {
  base::seeded_random random{13};
  server_clock clock;
  std::vector<std::pair<microseconds, microseconds>> samples;  // received, round trip
  microseconds now = seconds{1};
  for (int i = 0; i < 2'000; ++i) {
    now += microseconds{static_cast<std::int64_t>(random.next() % 5'000'000)};
    const microseconds request_delay{static_cast<std::int64_t>(random.next() % 50'000)};
    const microseconds reply_delay{static_cast<std::int64_t>(random.next() % 50'000)};
    const auto server_reading =
        milliseconds{server_start_ms} + std::chrono::floor<milliseconds>(now + request_delay);
    clock.add(
        {steady(now), steady(now + request_delay + reply_delay), server_time{server_reading}});
    now += request_delay + reply_delay;
    samples.emplace_back(now, request_delay + reply_delay);

    microseconds best = seconds{1};
    for (const auto& [received, round_trip] : samples) {
      if (now - received <= seconds{60}) best = std::min(best, round_trip);
    }
    const milliseconds error = error_at(clock, now);
    ASSERT_LE(std::abs(error.count()), best.count() / 2'000 + 2);
    const milliseconds server_shows =
        milliseconds{server_start_ms} + std::chrono::floor<milliseconds>(now);
    ASSERT_GE(clock.at(steady(now + clock.most_ahead(steady(now)))), server_time{server_shows});
  }
}

}  // namespace
}  // namespace drover::entry::server_clock_test
