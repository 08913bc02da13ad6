// SPDX-License-Identifier: MIT
#include "connection/health.hpp"

#include <gtest/gtest.h>

namespace drover::connection {
namespace {

using namespace std::chrono_literals;
constexpr steady_time start{microseconds{1'000'000'000}};

TEST(health, ARefusedAttemptOpensAndASuccessCloses) {
  health breaker{{50ms, 5s}, 1};
  EXPECT_FALSE(breaker.is_open());
  breaker.refused(start);
  EXPECT_TRUE(breaker.is_open());
  EXPECT_GT(breaker.next_attempt(), start);
  breaker.connected(start + 1s);
  EXPECT_FALSE(breaker.is_open());
}

TEST(health, PausesGrowToTheMostAndAreNeverBelowTheLeast) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    health breaker{{50ms, 5s}, seed};
    microseconds longest{0};
    for (int i = 0; i < 40; ++i) {
      breaker.refused(start);
      const microseconds pause = breaker.next_attempt() - start;
      EXPECT_GE(pause, 50ms);
      EXPECT_LE(pause, 5s);
      longest = std::max(longest, pause);
    }
    EXPECT_GT(longest, 2500ms);
  }
}

TEST(health, AnOrderlyLossOfASoundConnectionReconnectsAtOnce) {
  health breaker{{50ms, 5s}, 1};
  for (int i = 0; i < 10; ++i) {
    breaker.connected(start);
    breaker.lost(health::loss::ended, true, start + 1ms);
    EXPECT_FALSE(breaker.is_open());
    EXPECT_EQ(breaker.next_attempt(), start + 1ms);
  }
}

TEST(health, ConnectionsThatEndUnansweredAreTriedAgainMoreAndMoreSlowly) {
  health breaker{{50ms, 5s}, 1};
  microseconds pause{0};
  for (int i = 0; i < 12; ++i) {
    breaker.connected(start);
    breaker.lost(health::loss::ended, false, start);
    pause = breaker.next_attempt() - start;
  }
  EXPECT_FALSE(breaker.is_open());
  EXPECT_GE(pause, 2500ms);
}

TEST(health, TheThirdSilenceInARowOpens) {
  health breaker{{50ms, 5s}, 1};
  for (int i = 1; i <= 3; ++i) {
    breaker.connected(start);
    breaker.lost(health::loss::silent, false, start);
    EXPECT_EQ(breaker.is_open(), i == 3);
  }
}

TEST(health, AnAnswerBetweenSilencesStartsTheCountAnew) {
  health breaker{{50ms, 5s}, 1};
  for (int i = 0; i < 10; ++i) {
    breaker.connected(start);
    breaker.lost(health::loss::silent, true, start);
    EXPECT_FALSE(breaker.is_open());
  }
}

}  // namespace
}  // namespace drover::connection
