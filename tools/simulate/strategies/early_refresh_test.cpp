// SPDX-License-Identifier: MIT
#include "simulate/strategies/early_refresh.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.hpp"

namespace drover::simulate::early_refresh_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

constexpr wall_time begun{1'700'000'000s};

/// The share of many requests at one moment that refresh.
template <class Rule>
double part_of(const Rule& refreshes, refresh_draw draw) {
  base::seeded_random random{3};
  constexpr int requests = 100'000;
  int refreshing = 0;
  for (int i = 0; i < requests; ++i) {
    draw.unit = random.next_unit();
    if (refreshes(draw)) ++refreshing;
  }
  return static_cast<double>(refreshing) / requests;
}

TEST(simulate_early_refresh, ComesWithTheProbabilityOfThePaper) {
  // P(-load * beta * ln(unit) >= left) = e^(-left / (load * beta)).
  for (const double beta : {0.5, 1.0, 2.0}) {
    for (const microseconds left : {0us, 20'000us, 50'000us, 150'000us}) {
      const double share =
          part_of([](const refresh_draw& draw) { return refreshes_early(draw, 50ms); },
                  {.now = begun, .ends = begun + left, .beta = beta});
      const double due = std::exp(-static_cast<double>(left.count()) / (50'000.0 * beta));
      EXPECT_NEAR(share, due, 0.01) << beta << ' ' << left.count();
    }
  }
}

TEST(simulate_early_refresh, TurnsExactlyWhereTheFormulaSays) {
  const double threshold = std::exp(-3.0);  // 150 ms left, the load took 50 ms
  refresh_draw draw{.now = begun, .ends = begun + 150ms};
  draw.unit = threshold * 0.999;
  EXPECT_TRUE(refreshes_early(draw, 50ms));
  draw.unit = threshold * 1.001;
  EXPECT_FALSE(refreshes_early(draw, 50ms));
}

TEST(simulate_early_refresh, IsCertainOnceTheTtlIsOver) {
  EXPECT_TRUE(refreshes_early({.now = begun, .ends = begun}, 0us));
  EXPECT_TRUE(refreshes_early({.now = begun + 1us, .ends = begun}, 50ms));
}

TEST(simulate_early_refresh, NeverComesForALoadWithoutLength) {
  EXPECT_FALSE(refreshes_early({.now = begun, .ends = begun + 1us, .unit = 0x1p-53}, 0us));
}

TEST(simulate_early_refresh, ByAgeComesToEveryThirdRequestAtHalfTheTtl) {
  const auto by_age = [](const refresh_draw& draw) { return refreshes_early_by_age(draw, begun); };
  const wall_time ends = begun + 300s;
  EXPECT_NEAR(part_of(by_age, {.now = begun + 150s, .ends = ends}), std::exp(-1.0), 0.01);
  // The probability is e^(-(ttl - age) / age), whatever the load took.
  EXPECT_NEAR(part_of(by_age, {.now = begun + 100s, .ends = ends}), std::exp(-2.0), 0.01);
  EXPECT_NEAR(part_of(by_age, {.now = begun + 240s, .ends = ends}), std::exp(-0.25), 0.01);
}

TEST(simulate_early_refresh, TakesAnyTimesThatRedisMayHold) {
  EXPECT_TRUE(refreshes_early({.now = begun, .ends = wall_time::min()}, 0us));
  EXPECT_FALSE(refreshes_early({.now = begun, .ends = wall_time::max()}, microseconds::min()));
  EXPECT_TRUE(
      refreshes_early_by_age({.now = begun, .ends = begun + 1us, .unit = 0.5}, wall_time::min()));
  EXPECT_FALSE(
      refreshes_early_by_age({.now = begun, .ends = begun + 1us, .unit = 0.5}, wall_time::max()));
}

TEST(simulate_early_refresh, ByAgeNeverComesToAValueJustFetched) {
  EXPECT_FALSE(
      refreshes_early_by_age({.now = begun, .ends = begun + 300s, .unit = 0x1p-53}, begun));
}

}  // namespace
}  // namespace drover::simulate::early_refresh_test
