// SPDX-License-Identifier: MIT
#include "base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace drover::base::random_test {
namespace {

TEST(random, IsSplitMix64) {
  // The first numbers of the published generator with the seed 1234567.
  seeded_random random{1234567};
  EXPECT_EQ(random.next(), 6457827717110365317U);
  EXPECT_EQ(random.next(), 3203168211198807973U);
  EXPECT_EQ(random.next(), 9817491932198370423U);
  EXPECT_EQ(random.next(), 4593380528125082431U);
  EXPECT_EQ(random.next(), 16408922859458223821U);
}

TEST(random, RepeatsItselfFromTheSameSeedOnly) {
  seeded_random one{1};
  seeded_random same{1};
  seeded_random other{2};
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t number = one.next();
    EXPECT_EQ(same.next(), number);
    differs = differs || other.next() != number;
  }
  EXPECT_TRUE(differs);
}

TEST(random, UnitsAreNeverZeroAndAtMostOne) {
  seeded_random random{3};
  for (int i = 0; i < 1'000'000; ++i) {
    const double unit = random.next_unit();
    ASSERT_GT(unit, 0.0);
    ASSERT_LE(unit, 1.0);
    ASSERT_TRUE(std::isfinite(std::log(unit)));
  }
}

TEST(random, UnitsAreSpreadEvenly) {
  constexpr int draws = 200'000;
  constexpr int cells = 20;
  std::array<int, cells> counts{};
  seeded_random random{4};
  for (int i = 0; i < draws; ++i) {
    const auto cell = static_cast<std::size_t>(std::ceil(random.next_unit() * cells)) - 1;
    ++counts[cell];
  }
  const double mean = static_cast<double>(draws) / cells;
  for (const int count : counts) EXPECT_NEAR(count, mean, 5.0 * std::sqrt(mean));
}

}  // namespace
}  // namespace drover::base::random_test
