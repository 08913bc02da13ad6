// SPDX-License-Identifier: MIT
#include "connection/health.hpp"

#include <gtest/gtest.h>

namespace drover::connection::health_test {
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
    breaker.lost(health::loss::ended, health::use::answered, start + 1ms);
    EXPECT_FALSE(breaker.is_open());
    EXPECT_EQ(breaker.next_attempt(), start + 1ms);
  }
}

TEST(health, ConnectionsThatEndUnaskedAreTriedAgainMoreAndMoreSlowly) {
  health breaker{{50ms, 5s}, 1};
  microseconds pause{0};
  for (int i = 0; i < 12; ++i) {
    breaker.connected(start);
    breaker.lost(health::loss::ended, health::use::unasked, start);
    pause = breaker.next_attempt() - start;
  }
  EXPECT_FALSE(breaker.is_open());
  EXPECT_GE(pause, 2500ms);
}

TEST(health, TheThirdUnansweredLossInARowOpensHoweverItCame) {
  using loss = health::loss;
  for (int ways = 0; ways < 8; ++ways) {
    health breaker{{50ms, 5s}, 1};
    for (int i = 0; i < 3; ++i) {
      const loss kind = (ways >> i & 1) == 0 ? loss::ended : loss::silent;
      breaker.connected(start);
      breaker.lost(kind, health::use::unanswered, start);
      EXPECT_EQ(breaker.is_open(), i == 2) << ways;
    }
  }
}

TEST(health, OnceOpenedByUnansweredLossesEachFurtherOneOpensAgainUntilAnAnswer) {
  health breaker{{50ms, 5s}, 1};
  for (int i = 0; i < 8; ++i) {
    breaker.connected(start);
    EXPECT_FALSE(breaker.is_open());
    breaker.lost(health::loss::ended, health::use::unanswered, start);
    EXPECT_EQ(breaker.is_open(), i >= 2);
  }
  EXPECT_GE(breaker.next_attempt() - start, 2500ms);
  for (int i = 0; i < 3; ++i) {
    breaker.connected(start);
    breaker.lost(health::loss::ended, health::use::answered, start);
    EXPECT_FALSE(breaker.is_open());
    EXPECT_EQ(breaker.next_attempt(), start);
  }
}

TEST(health, ALossThatNobodyAskedAnythingOfOpensNothing) {
  health breaker{{50ms, 5s}, 1};
  for (int i = 0; i < 2; ++i) {
    breaker.connected(start);
    breaker.lost(health::loss::ended, health::use::unanswered, start);
  }
  for (int i = 0; i < 10; ++i) {
    breaker.connected(start);
    breaker.lost(health::loss::ended, health::use::unasked, start);
    EXPECT_FALSE(breaker.is_open());
  }
}

TEST(health, AnOldConnectionThatEndsIsMadeAnewAtOnceAndYetNotExcusedForAnsweringNothing) {
  health breaker{{50ms, 5s}, 1};
  for (int i = 0; i < 3; ++i) {
    breaker.connected(start);
    breaker.lost(health::loss::ended, health::use::unanswered, start + 5s);
    EXPECT_EQ(breaker.is_open(), i == 2);
    EXPECT_EQ(breaker.next_attempt() == start + 5s, i < 2);
  }
}

TEST(health, AnAnswerBetweenSilencesStartsTheCountAnew) {
  health breaker{{50ms, 5s}, 1};
  for (int i = 0; i < 10; ++i) {
    breaker.connected(start);
    breaker.lost(health::loss::silent, health::use::answered, start);
    EXPECT_FALSE(breaker.is_open());
  }
}

TEST(health, ConnectionsThatEndUnaskedLetNobodyWaitWhoAsks) {
  health breaker{{50ms, 1s}, 1};
  for (int i = 0; i < 12; ++i) {
    breaker.connected(start);
    breaker.lost(health::loss::ended, health::use::unasked, start);
    EXPECT_GT(breaker.next_attempt(), start);
    breaker.request_made(start + 1ms);
    EXPECT_EQ(breaker.next_attempt(), start + 1ms) << i;
    EXPECT_FALSE(breaker.is_open());
  }
}

TEST(health, AskingShortensNoPauseThatTheServerEarned) {
  health breaker{{50ms, 1s}, 1};
  breaker.refused(start);
  const auto due = breaker.next_attempt();
  breaker.request_made(start);
  EXPECT_EQ(breaker.next_attempt(), due);
}

TEST(health, AttemptsThatRunIntoTheirTimeLimitBeginNoLaterThanTheLongestPauseApart) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    health breaker{{50ms, 1s}, seed};
    steady_time began = start;
    for (int i = 0; i < 60; ++i) {
      breaker.begins(began);
      const auto failed = began + 500ms;
      breaker.refused(failed);
      EXPECT_LE(breaker.next_attempt(), began + 1s);
      EXPECT_GE(breaker.next_attempt(), failed + 50ms);
      began = breaker.next_attempt();
    }
  }
}

TEST(health, ConnectionsEndedOnPurposeAreTriedMoreAndMoreSlowlyAndOpenNothing) {
  health breaker{{50ms, 1s}, 1};
  steady_time moment = start;
  microseconds longest{0};
  for (int i = 0; i < 20; ++i) {
    breaker.connected(moment);
    breaker.lost(health::loss::distrusted, health::use::unanswered, moment);
    EXPECT_FALSE(breaker.is_open());
    const microseconds pause = breaker.next_attempt() - moment;
    EXPECT_EQ(pause == 0us, i == 0) << i;
    EXPECT_LE(pause, 1s);
    longest = std::max(longest, pause);
    moment = breaker.next_attempt();
  }
  EXPECT_GE(longest, 500ms);
  moment = breaker.next_look() + 1s;  // some time without `distrust`
  breaker.lost(health::loss::distrusted, health::use::answered, moment);
  EXPECT_EQ(breaker.next_attempt(), moment);
}

TEST(health, AConnectionThatIsOfUseMayStayUntilTheNextLook) {
  health breaker{{50ms, 1s}, 1};
  steady_time moment = start;
  for (int i = 0; i < 10; ++i) {
    breaker.connected(moment);
    breaker.lost(health::loss::distrusted, health::use::answered, moment);
    EXPECT_EQ(breaker.next_attempt(), moment) << "it was the time to look";
    EXPECT_GT(breaker.next_look(), moment);
    EXPECT_LE(breaker.next_look(), moment + 1s);
    moment = breaker.next_look();
  }
}

TEST(health, PausesForEverDoNotOverflow) {
  health breaker{{milliseconds::max(), milliseconds::max()}, 1};
  breaker.begins(start);
  breaker.refused(start);
  EXPECT_GT(breaker.next_attempt(), start + 24h);
  breaker.connected(start);
  breaker.lost(health::loss::ended, health::use::unasked, start);
  breaker.lost(health::loss::distrusted, health::use::unasked, start);
  EXPECT_GT(breaker.next_look(), start + 24h);
}

}  // namespace
}  // namespace drover::connection::health_test
