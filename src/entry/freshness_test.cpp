// SPDX-License-Identifier: MIT
#include "entry/freshness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "base/random.hpp"

namespace drover::entry::freshness_test {
namespace {

constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr milliseconds hundred_years{3'155'760'000'000};

server_time at_ms(std::int64_t count) { return server_time{milliseconds{count}}; }

envelope entry_of(kind stored, std::int64_t until, std::int64_t grace = 0) {
  envelope head;
  head.kind = stored;
  head.until = at_ms(until);
  head.grace = milliseconds{grace};
  return head;
}

TEST(freshness, OfAValueEndsExactlyAtItsTimes) {
  for (std::int64_t grace = 0; grace <= 4; ++grace) {
    const envelope head = entry_of(kind::value, 100, grace);
    for (std::int64_t now = 90; now <= 110; ++now) {
      const auto expected = now < 100           ? freshness::fresh
                            : now < 100 + grace ? freshness::stale
                                                : freshness::expired;
      EXPECT_EQ(freshness_of(head, at_ms(now)), expected) << now << " grace " << grace;
    }
  }
}

TEST(freshness, OfOtherKindsKnowsNoGrace) {
  for (const kind stored : {kind::absent, kind::pending, kind::failed, kind::uncacheable}) {
    const envelope head = entry_of(stored, 100, 50);
    for (std::int64_t now = 90; now <= 160; ++now) {
      EXPECT_EQ(freshness_of(head, at_ms(now)), now < 100 ? freshness::fresh : freshness::expired);
    }
  }
}

TEST(freshness, OfAValueExpiredByHandIsAtBestStale) {
  envelope head = entry_of(kind::value, 100, 10);
  head.flags = envelope::flag_expired_by_hand;
  EXPECT_EQ(freshness_of(head, at_ms(99)), freshness::stale);
  EXPECT_EQ(freshness_of(head, at_ms(109)), freshness::stale);
  EXPECT_EQ(freshness_of(head, at_ms(110)), freshness::expired);
}

TEST(freshness, OfAValueFromBeforeTheServersStartIsAtBestStaleAndOnlyWithGrace) {
  const trust since{.stored_from = at_ms(50)};
  for (const std::int64_t stored : {0, 49, 50}) {
    const bool is_old = stored < 50;
    envelope head = entry_of(kind::value, 100, 10);
    head.stored_at = at_ms(stored);
    EXPECT_EQ(freshness_of(head, at_ms(99), since), is_old ? freshness::stale : freshness::fresh);
    EXPECT_EQ(freshness_of(head, at_ms(109), since), freshness::stale);
    EXPECT_EQ(freshness_of(head, at_ms(110), since), freshness::expired);
    head.grace = milliseconds{0};
    EXPECT_EQ(freshness_of(head, at_ms(99), since), is_old ? freshness::expired : freshness::fresh);
  }
}

TEST(freshness, OfEverythingElseFromBeforeTheServersStartIsOver) {
  for (const kind stored : {kind::absent, kind::pending, kind::failed, kind::uncacheable}) {
    envelope head = entry_of(stored, 100, 10);
    head.stored_at = at_ms(49);
    EXPECT_EQ(freshness_of(head, at_ms(60), {.stored_from = at_ms(50)}), freshness::expired);
    EXPECT_EQ(freshness_of(head, at_ms(60), {.stored_from = at_ms(49)}), freshness::fresh);
  }
}

TEST(freshness, OfNothingIsFreshOnAReplica) {
  const trust replica{.nothing_is_fresh = true};
  EXPECT_EQ(freshness_of(entry_of(kind::value, 100, 10), at_ms(0), replica), freshness::stale);
  EXPECT_EQ(freshness_of(entry_of(kind::value, 100, 0), at_ms(0), replica), freshness::expired);
  EXPECT_EQ(freshness_of(entry_of(kind::absent, 100), at_ms(0), replica), freshness::expired);
}

TEST(freshness, IgnoresFlagsThatItDoesNotKnow) {
  for (const kind stored : {kind::value, kind::absent, kind::pending, kind::failed}) {
    envelope head = entry_of(stored, 100);
    head.flags = 0xFD;
    EXPECT_EQ(freshness_of(head, at_ms(99)), freshness::fresh);
    EXPECT_EQ(freshness_of(head, at_ms(100)), freshness::expired);
  }
}

TEST(freshness, SaturatesAtTheEndsOfTime) {
  EXPECT_EQ(freshness_of(entry_of(kind::value, most, most), at_ms(most - 1)), freshness::fresh);
  EXPECT_EQ(freshness_of(entry_of(kind::value, most - 1, most), at_ms(most - 1)), freshness::stale);
  EXPECT_EQ(freshness_of(entry_of(kind::value, 1, most), at_ms(most - 1)), freshness::stale);
  EXPECT_EQ(freshness_of(entry_of(kind::value, least, 0), at_ms(least)), freshness::expired);
  EXPECT_EQ(freshness_of(entry_of(kind::value, 0, least), at_ms(0)), freshness::expired);
  EXPECT_EQ(freshness_of(entry_of(kind::value, 0, 0), at_ms(least)), freshness::fresh);
}

TEST(age, CountsFromTheStartOfTheLoad) {
  envelope head = entry_of(kind::value, 0);
  head.stored_at = at_ms(1'000);
  head.load_us = 250'000;
  EXPECT_EQ(age_of(head, at_ms(1'000)), milliseconds{250});
  EXPECT_EQ(age_of(head, at_ms(1'500)), milliseconds{750});
  head.load_us = 1;
  EXPECT_EQ(age_of(head, at_ms(1'000)), milliseconds{1});
}

TEST(age, IsNeverNegativeAndNeverOverflows) {
  envelope head = entry_of(kind::value, 0);
  head.stored_at = at_ms(1'000);
  head.load_us = 5'000;
  EXPECT_EQ(age_of(head, at_ms(990)), milliseconds{0});
  EXPECT_EQ(age_of(head, at_ms(least)), milliseconds{0});
  head.stored_at = at_ms(least);
  head.load_us = std::numeric_limits<std::uint32_t>::max();
  EXPECT_EQ(age_of(head, at_ms(most)), milliseconds{most});
}

TEST(lifetime, TakesTheLoadOffTheTtl) {
  const lifetime got = lifetime_of({.ttl = milliseconds{10'000},
                                    .grace = milliseconds{60'000},
                                    .lease_ttl = milliseconds{1'000},
                                    .load_time = milliseconds{400}});
  EXPECT_EQ(got.fresh, milliseconds{9'600});
  EXPECT_EQ(got.grace, milliseconds{60'000});
  EXPECT_EQ(got.key_ttl, milliseconds{69'600});
}

TEST(lifetime, KeepsTheKeyLongEnoughForARefreshThatHasBegun) {
  const lifetime got = lifetime_of({.ttl = milliseconds{10'000},
                                    .grace = milliseconds{0},
                                    .lease_ttl = milliseconds{1'000},
                                    .load_time = milliseconds{400}});
  EXPECT_EQ(got.key_ttl, milliseconds{9'600 + 2'000 + 1'600});
}

TEST(lifetime, LeavesALittleFreshnessWhenTheLoadTookLongerThanTheTtl) {
  lifetime_inputs in{.ttl = milliseconds{1'000}, .load_time = milliseconds{5'000}};
  EXPECT_EQ(lifetime_of(in).fresh, milliseconds{50});
  in.ttl = milliseconds{20};
  EXPECT_EQ(lifetime_of(in).fresh, milliseconds{20});
  in.ttl = milliseconds{0};
  EXPECT_EQ(lifetime_of(in).fresh, milliseconds{0});
}

TEST(lifetime, JitterOnlyShortensAndStaysInItsShare) {
  base::seeded_random random{4};
  for (int i = 0; i < 50'000; ++i) {
    const milliseconds ttl{static_cast<std::int64_t>(random.next() % 10'000'000'000)};
    const double jitter = random.next_unit() * 0.999;
    const lifetime got =
        lifetime_of({.ttl = ttl, .ttl_jitter = jitter, .unit = random.next_unit()});
    ASSERT_LE(got.fresh, ttl);
    ASSERT_GE(static_cast<double>(got.fresh.count()) + 1.0,
              static_cast<double>(ttl.count()) * (1.0 - jitter));
  }
}

TEST(lifetime, JitterUsesItsWholeShare) {
  const milliseconds ttl{100'000};
  EXPECT_EQ(lifetime_of({.ttl = ttl, .ttl_jitter = 0.1, .unit = 1.0}).fresh, ttl);
  EXPECT_EQ(lifetime_of({.ttl = ttl, .ttl_jitter = 0.0, .unit = 0.5}).fresh, ttl);
  const auto lowest = lifetime_of({.ttl = ttl, .ttl_jitter = 0.1, .unit = 0x1.0p-53}).fresh;
  EXPECT_NEAR(static_cast<double>(lowest.count()), 90'000.0, 1.0);
  const auto middle = lifetime_of({.ttl = ttl, .ttl_jitter = 0.1, .unit = 0.5}).fresh;
  EXPECT_NEAR(static_cast<double>(middle.count()), 95'000.0, 1.0);
}

TEST(lifetime, NeverExceedsTheTtlCountedFromTheStartOfTheLoad) {
  base::seeded_random random{5};
  for (int i = 0; i < 50'000; ++i) {
    const lifetime_inputs in{
        .ttl = milliseconds{static_cast<std::int64_t>(random.next() % 100'000)},
        .grace = milliseconds{static_cast<std::int64_t>(random.next() % 100'000)},
        .lease_ttl = milliseconds{1'000},
        .load_time = microseconds{static_cast<std::int64_t>(random.next() % 200'000'000)},
        .ttl_jitter = 0.1,
        .unit = random.next_unit()};
    const lifetime got = lifetime_of(in);
    const milliseconds shortest = std::min(in.ttl, milliseconds{50});
    ASSERT_GE(got.fresh, shortest);
    if (got.fresh > shortest) {
      ASSERT_LE(microseconds{got.fresh} + in.load_time, in.ttl);
    }
    ASSERT_GE(got.key_ttl, got.fresh + got.grace);
    ASSERT_GE(microseconds{got.key_ttl - got.fresh}, milliseconds{2'000} + 4 * in.load_time);
  }
}

TEST(lifetime, TakesNegativeTimesForZero) {
  const milliseconds negative{-5};
  const lifetime got = lifetime_of(
      {.ttl = negative, .grace = negative, .lease_ttl = negative, .load_time = negative});
  EXPECT_EQ(got.fresh, milliseconds{0});
  EXPECT_EQ(got.grace, milliseconds{0});
  EXPECT_EQ(got.key_ttl, milliseconds{0});
}

TEST(lifetime, TakesYearsAsTheyAreAndACenturyAsTheMost) {
  const milliseconds year{31'557'600'000};
  EXPECT_EQ(lifetime_of({.ttl = 50 * year}).fresh, 50 * year);
  EXPECT_EQ(lifetime_of({.ttl = 200 * year}).fresh, hundred_years);
  EXPECT_EQ(lifetime_of({.grace = 200 * year}).grace, hundred_years);
}

TEST(lifetime, NeverLeavesWhatDoublesCountExactly) {
  const std::vector<std::int64_t> edges = {least, least + 1, -1, 0, 1, 49, 50, 51, most - 1, most};
  constexpr std::int64_t exact = std::int64_t{1} << 53;
  constexpr std::int64_t now = 4'000'000'000'000;  // the year 2096
  for (const auto ttl : edges) {
    for (const auto grace : edges) {
      for (const auto lease : edges) {
        for (const auto load : edges) {
          for (const double unit : {0x1.0p-53, 0.5, 1.0}) {
            const lifetime got = lifetime_of({.ttl = milliseconds{ttl},
                                              .grace = milliseconds{grace},
                                              .lease_ttl = milliseconds{lease},
                                              .load_time = microseconds{load},
                                              .ttl_jitter = 0.999,
                                              .unit = unit});
            ASSERT_GE(got.fresh.count(), 0);
            ASSERT_GE(got.grace.count(), 0);
            ASSERT_GE(got.key_ttl, got.fresh + got.grace);
            ASSERT_LT(now + got.key_ttl.count(), exact);
          }
        }
      }
    }
  }
}

constexpr milliseconds limit = default_failure_pause_max;

TEST(failure_pause, DoublesWithEveryAttemptUpToItsLimit) {
  struct row {
    std::int64_t load_ms;
    std::vector<std::int64_t> pauses;  // of attempts 1, 2, ...; without jitter
  };
  const std::vector<row> table = {
      {0, {50, 100, 200, 400, 800, 1600, 3200, 5000, 5000}},
      {50, {50, 100, 200, 400, 800, 1600, 3200, 5000, 5000}},
      {120, {120, 240, 480, 960, 1920, 3840, 5000, 5000}},
      {1'000, {1000, 2000, 4000, 5000, 5000}},
      {30'000, {1000, 2000, 4000, 5000, 5000}},
  };
  for (const row& expected : table) {
    std::uint32_t attempt = 0;
    for (const std::int64_t pause : expected.pauses) {
      ++attempt;
      const auto got = failure_pause(milliseconds{expected.load_ms}, attempt, 0.5, limit);
      EXPECT_NEAR(static_cast<double>(got.count()), static_cast<double>(pause), 1.0)
          << expected.load_ms << " ms, attempt " << attempt;
    }
  }
}

TEST(failure_pause, StaysWithinAFifthOfItsMiddle) {
  base::seeded_random random{6};
  for (int i = 0; i < 20'000; ++i) {
    const auto attempt = static_cast<std::uint32_t>(1 + random.next() % 12);
    const microseconds load{static_cast<std::int64_t>(random.next() % 2'000'000)};
    const auto middle = static_cast<double>(failure_pause(load, attempt, 0.5, limit).count());
    const auto got =
        static_cast<double>(failure_pause(load, attempt, random.next_unit(), limit).count());
    ASSERT_GE(got + 2.0, middle * 0.8);
    ASSERT_LE(got - 2.0, middle * 1.2);
  }
  EXPECT_EQ(failure_pause(milliseconds{100}, 1, 1.0, limit), milliseconds{120});
  EXPECT_EQ(failure_pause(milliseconds{100}, 1, 0x1.0p-53, limit), milliseconds{80});
}

TEST(failure_pause, TakesAnyInputs) {
  for (const std::int64_t load : {least, std::int64_t{-1}, std::int64_t{0}, most}) {
    for (const std::uint32_t attempt : {0U, 1U, 32U, 33U, 64U, 0xFFFFFFFFU}) {
      for (const double unit : {-1.0, 0.0, 0.5, 1.0, 2.0, std::numeric_limits<double>::quiet_NaN(),
                                std::numeric_limits<double>::infinity()}) {
        const milliseconds pause = failure_pause(microseconds{load}, attempt, unit, limit);
        EXPECT_GE(pause, milliseconds{40});
        EXPECT_LE(pause, milliseconds{6'000});
      }
    }
  }
  EXPECT_EQ(failure_pause(milliseconds{100}, 0, 0.5, limit),
            failure_pause(milliseconds{100}, 1, 0.5, limit));
}

TEST(failure_pause, KeepsTheLimitThatItIsGiven) {
  for (const milliseconds pause_max : {milliseconds{0}, milliseconds{1}, milliseconds{70},
                                       milliseconds{60'000}, hundred_years, milliseconds::max()}) {
    for (const std::uint32_t attempt : {1U, 2U, 10U, 41U, 0xFFFFFFFFU}) {
      const milliseconds pause = failure_pause(milliseconds{100}, attempt, 1.0, pause_max);
      EXPECT_GE(pause, milliseconds{0});
      EXPECT_LE(pause, longest_failure_pause(pause_max));
    }
    EXPECT_EQ(failure_pause(milliseconds{100}, 0xFFFFFFFF, 1.0, pause_max),
              longest_failure_pause(pause_max));
  }
  EXPECT_EQ(failure_pause(milliseconds{100}, 1, 1.0, milliseconds{-5}), milliseconds{0});
  EXPECT_EQ(longest_failure_pause(milliseconds{5000}), milliseconds{6000});
  EXPECT_EQ(longest_failure_pause(milliseconds::max()), hundred_years * 6 / 5);
}

TEST(failure_pause, EndsAtTheReadersOwnLimitAtTheLatest) {
  envelope head = entry_of(kind::failed, 10'000);
  head.stored_at = at_ms(1'000);
  EXPECT_EQ(pause_end_of(head, milliseconds{5'000}), at_ms(7'000));
  EXPECT_EQ(pause_end_of(head, milliseconds{50'000}), at_ms(10'000));
  EXPECT_EQ(pause_end_of(head, milliseconds{0}), at_ms(1'000));
  head.stored_at = at_ms(most);
  EXPECT_EQ(pause_end_of(head, milliseconds::max()), at_ms(10'000));
}

}  // namespace
}  // namespace drover::entry::freshness_test
