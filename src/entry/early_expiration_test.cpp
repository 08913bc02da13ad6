// SPDX-License-Identifier: MIT
#include "entry/early_expiration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.hpp"

namespace drover::entry::early_expiration_test {
namespace {

constexpr std::int64_t end_ms = 1'000'000;
constexpr milliseconds no_cap{1'000'000'000};

server_time at_ms(std::int64_t count) { return server_time{milliseconds{count}}; }

/// A value that ends at `end_ms` and took `load_us` to load.
envelope value_with_load(std::uint32_t load_us) {
  envelope head;
  head.kind = kind::value;
  head.load_us = load_us;
  head.until = at_ms(end_ms);
  return head;
}

bool is_due(const envelope& head, std::int64_t before_end_ms, double unit, double beta = 1.0,
            milliseconds lead_max = no_cap) {
  return is_due_early(head, at_ms(end_ms - before_end_ms),
                      {.beta = beta, .unit = unit, .lead_max = lead_max});
}

TEST(early_expiration, HasTheProbabilityOfThePaper) {
  constexpr int draws = 200'000;
  base::seeded_random random{7};
  for (const double beta : {0.5, 1.0, 2.0}) {
    for (const std::uint32_t load_ms : {20U, 100U}) {
      for (const std::int64_t before : {1, 10, 50, 100, 250}) {
        int due = 0;
        const envelope head = value_with_load(load_ms * 1000);
        for (int i = 0; i < draws; ++i) due += is_due(head, before, random.next_unit(), beta);
        const double p = std::exp(-static_cast<double>(before) / (beta * load_ms));
        const double sigma = std::sqrt(draws * p * (1.0 - p));
        EXPECT_NEAR(due, draws * p, 5.0 * sigma + 1.0)
            << "beta " << beta << ", load " << load_ms << " ms, " << before << " ms before";
      }
    }
  }
}

TEST(early_expiration, TurnsExactlyWhereTheFormulaDoes) {
  // -ln(e^-2) * 100 ms = 200 ms.
  const envelope head = value_with_load(100'000);
  const double unit = std::exp(-2.0);
  EXPECT_TRUE(is_due(head, 199, unit));
  EXPECT_FALSE(is_due(head, 201, unit));
  EXPECT_TRUE(is_due(head, 399, unit, 2.0));
  EXPECT_FALSE(is_due(head, 401, unit, 2.0));
}

TEST(early_expiration, IsNeverEarlierThanItsCap) {
  const envelope head = value_with_load(10'000'000);
  const milliseconds cap{250};
  EXPECT_FALSE(is_due(head, 251, 0x1.0p-53, 1e9, cap));
  EXPECT_TRUE(is_due(head, 250, 0x1.0p-53, 1e9, cap));
  EXPECT_FALSE(is_due(head, 1, 0x1.0p-53, 1e9, milliseconds{0}));
  EXPECT_FALSE(is_due(head, 1, 0x1.0p-53, 1e9, milliseconds{-1}));
}

TEST(early_expiration, NeverComesWithBetaZeroOrAUnitOfOne) {
  const envelope head = value_with_load(std::numeric_limits<std::uint32_t>::max());
  EXPECT_FALSE(is_due(head, 1, 0x1.0p-53, 0.0));
  EXPECT_FALSE(is_due(head, 1, 0x1.0p-53, -1.0));
  EXPECT_FALSE(is_due(head, 1, 1.0, 1e9));
}

TEST(early_expiration, NeverComesOfWhatIsNotANumber) {
  const envelope head = value_with_load(100'000);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(is_due(head, 1, nan));
  EXPECT_FALSE(is_due(head, 1, 0.5, nan));
  EXPECT_FALSE(is_due(head, 1, -1.0));
  EXPECT_FALSE(is_due(head, 1, 1.0, infinite));
}

TEST(early_expiration, CountsAShortLoadAsAMillisecond) {
  const double unit = std::exp(-3.5);
  for (const std::uint32_t load_us : {0U, 1U, 999U, 1000U}) {
    EXPECT_TRUE(is_due(value_with_load(load_us), 3, unit)) << load_us;
    EXPECT_FALSE(is_due(value_with_load(load_us), 4, unit)) << load_us;
  }
}

TEST(early_expiration, IsOnlyForFreshValues) {
  const double eager = 0x1.0p-53;
  for (const kind stored : {kind::pending, kind::absent, kind::failed}) {
    envelope head = value_with_load(100'000);
    head.kind = stored;
    EXPECT_FALSE(is_due(head, 1, eager));
  }
  envelope head = value_with_load(100'000);
  head.grace = milliseconds{1'000};
  EXPECT_TRUE(is_due(head, 1, eager));
  EXPECT_FALSE(is_due(head, 0, eager));
  EXPECT_FALSE(is_due(head, -1, eager));
  head.flags = envelope::flag_expired_by_hand;
  EXPECT_FALSE(is_due(head, 1, eager));
}

TEST(early_expiration, SurvivesTheEndsOfTime) {
  envelope head = value_with_load(100'000);
  head.until = server_time::max();
  EXPECT_FALSE(is_due_early(head, server_time::min(), {.unit = 0.5, .lead_max = no_cap}));
  EXPECT_TRUE(
      is_due_early(head, server_time::max() - milliseconds{1}, {.unit = 0.5, .lead_max = no_cap}));
}

/// The number of loads in one ttl if every caller loads that finds the entry expired or is due
/// early, without lease and refresh mark. Callers come at random, `rate` per millisecond; a load
/// takes `load_ms`.
int loads_in_a_cycle(base::seeded_random& random, double rate, double beta, double load_ms,
                     double watched_ms) {
  const envelope head = value_with_load(static_cast<std::uint32_t>(load_ms * 1000.0));
  const double end = static_cast<double>(end_ms);
  double now = end - watched_ms;
  double stored = std::numeric_limits<double>::infinity();
  int loads = 0;
  for (;;) {
    now -= std::log(random.next_unit()) / rate;
    if (now >= stored) return loads;
    const server_time at = at_ms(static_cast<std::int64_t>(now));
    const early_inputs in{
        .beta = beta, .unit = random.next_unit(), .lead_max = milliseconds{75'000}};
    if (at < head.until && !is_due_early(head, at, in)) continue;
    if (loads++ == 0) stored = now + load_ms;
  }
}

double mean_loads(std::uint64_t seed, double beta, int cycles, double watched_ms) {
  base::seeded_random random{seed};
  int loads = 0;
  for (int i = 0; i < cycles; ++i) loads += loads_in_a_cycle(random, 1.0, beta, 50.0, watched_ms);
  return static_cast<double>(loads) / cycles;
}

// 1000 callers a second, a load of 50 ms. Without early expiration every caller that comes while
// the load runs loads too. With it e^(1/beta) loads remain, and only a lease reduces them to one.
TEST(early_expiration, AloneLeavesAsManyLoadsAsTheTheorySays) {
  EXPECT_NEAR(mean_loads(8, 0.0, 2'000, 10.0), 51.0, 0.05 * 51.0);
  EXPECT_NEAR(mean_loads(9, 1.0, 5'000, 1'000.0), 2.75, 0.05 * 2.75);
}

TEST(early_expiration, LeavesFewerLoadsTheMoreEagerItIs) {
  EXPECT_NEAR(mean_loads(10, 0.5, 3'000, 500.0), 7.3, 0.05 * 7.3);
  EXPECT_NEAR(mean_loads(11, 2.0, 2'000, 2'000.0), 1.66, 0.05 * 1.66);
  EXPECT_NEAR(mean_loads(12, 4.0, 1'000, 4'000.0), 1.28, 0.05 * 1.28);
}

}  // namespace
}  // namespace drover::entry::early_expiration_test
