// SPDX-License-Identifier: MIT
#include "audit/rules/retry_rhythm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "base/random.hpp"

namespace drover::audit::retry_rhythm_test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// The times of the requests of `waiters` callers that begin within `spread` and wait `pause()`
/// between requests.
std::vector<moment> burst_of(std::size_t waiters, moment spread, moment length,
                             base::seeded_random& random, const std::function<moment()>& pause) {
  std::vector<moment> times;
  for (std::size_t i = 0; i < waiters; ++i) {
    moment at{static_cast<std::int64_t>(
        random.next() % static_cast<std::uint64_t>(std::max<std::int64_t>(spread.count(), 1)))};
    for (; at < length; at += pause()) times.push_back(at);
  }
  std::sort(times.begin(), times.end());
  return times;
}

moment between(base::seeded_random& random, milliseconds least, milliseconds most) {
  const auto width = static_cast<std::uint64_t>(moment{most - least}.count());
  return least + moment{static_cast<std::int64_t>(random.next() % width)};
}

TEST(audit_retry_rhythm, FindsAFixedPause) {
  for (const int pause : {10, 25, 50, 100, 200}) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      base::seeded_random random{seed};
      retry_rhythm detector;
      for (int i = 0; i < 6; ++i) {
        detector.add(
            burst_of(pause < 20 ? 1 : 2, milliseconds{pause}, milliseconds{9 * pause}, random,
                     [&] { return milliseconds{pause} + microseconds{random.next() % 700}; }));
      }
      const auto rhythm = detector.detect();
      ASSERT_TRUE(rhythm.has_value()) << pause << " ms, seed " << seed;
      EXPECT_NEAR(static_cast<double>(rhythm->pause_ms), pause, 1);
      EXPECT_GT(2 * rhythm->followed, rhythm->eligible);
    }
  }
}

TEST(audit_retry_rhythm, FindsAFixedPauseOfWaitersThatBeganTogether) {
  base::seeded_random random{3};
  retry_rhythm detector;
  for (int i = 0; i < 6; ++i) {
    detector.add(burst_of(12, microseconds{300}, milliseconds{250}, random,
                          [&] { return milliseconds{25} + microseconds{random.next() % 100}; }));
  }
  ASSERT_TRUE(detector.detect().has_value());
  EXPECT_NEAR(static_cast<double>(detector.detect()->pause_ms), 25, 1);
}

TEST(audit_retry_rhythm, IsSilentForRandomPauses) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    base::seeded_random random{seed};
    retry_rhythm detector;
    for (int i = 0; i < 6; ++i) {
      detector.add(burst_of(6, milliseconds{2}, milliseconds{400}, random,
                            [&] { return between(random, milliseconds{10}, milliseconds{60}); }));
    }
    EXPECT_FALSE(detector.detect().has_value()) << "seed " << seed;
  }
}

TEST(audit_retry_rhythm, IsSilentForPausesThatGrow) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    base::seeded_random random{seed};
    retry_rhythm detector;
    for (int i = 0; i < 6; ++i) {
      std::vector<moment> times;
      for (int waiter = 0; waiter < 4; ++waiter) {
        moment at = between(random, milliseconds{0}, milliseconds{20});
        for (moment pause = milliseconds{5}; at < milliseconds{900}; pause *= 2) {
          times.push_back(at);
          at += pause;
        }
      }
      std::sort(times.begin(), times.end());
      detector.add(times);
    }
    EXPECT_FALSE(detector.detect().has_value()) << "seed " << seed;
  }
}

TEST(audit_retry_rhythm, IsSilentForArrivalsAtRandom) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    base::seeded_random random{seed};
    retry_rhythm detector;
    for (int i = 0; i < 8; ++i) {
      std::vector<moment> times;
      for (int k = 0; k < 60; ++k) {
        times.push_back(between(random, milliseconds{0}, milliseconds{600}));
      }
      std::sort(times.begin(), times.end());
      detector.add(times);
    }
    EXPECT_FALSE(detector.detect().has_value()) << "seed " << seed;
  }
}

TEST(audit_retry_rhythm, SaysNothingOfFewQuestions) {
  retry_rhythm detector;
  std::vector<moment> few;
  for (int i = 0; i < 20; ++i) few.push_back(milliseconds{50} * i);
  detector.add(few);
  EXPECT_FALSE(detector.detect().has_value());
  EXPECT_EQ(detector.requests(), 20U);
  detector.add({});
  EXPECT_EQ(detector.requests(), 20U);
}

}  // namespace
}  // namespace drover::audit::retry_rhythm_test
