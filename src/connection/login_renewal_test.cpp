// SPDX-License-Identifier: MIT
#include "connection/login_renewal.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace drover::connection::login_renewal_test {
namespace {

using namespace std::chrono_literals;

constexpr steady_time never = steady_time::max();

steady_time at(std::chrono::milliseconds when) { return steady_time{when}; }

TEST(login_renewal, IsDueWhenTheTimeOfTheCredentialsIsOver) {
  login_renewal renewal;
  EXPECT_EQ(renewal.due(), never);
  renewal.connected(at(10s), 60s);
  EXPECT_EQ(renewal.due(), at(70s));
  renewal.asking();
  EXPECT_TRUE(renewal.is_asking());
  EXPECT_EQ(renewal.due(), never);
  renewal.sent(at(71s), 30s);
  EXPECT_EQ(renewal.due(), never);
  renewal.accepted();
  EXPECT_EQ(renewal.due(), at(101s));
  renewal.disconnected();
  EXPECT_EQ(renewal.due(), never);
}

TEST(login_renewal, WithoutATimeOnlyAChangeMakesItDue) {
  login_renewal renewal;
  renewal.connected(at(10s), 0s);
  EXPECT_EQ(renewal.due(), never);
  renewal.changed(at(20s));
  EXPECT_EQ(renewal.due(), at(20s));
  renewal.asking();
  renewal.sent(at(21s), 0s);
  renewal.accepted();
  EXPECT_EQ(renewal.due(), never);
}

// The answer of the application may be the one from before the change.
TEST(login_renewal, AChangeAfterTheQuestionMakesItDueAgain) {
  login_renewal renewal;
  renewal.changed(at(15s));  // while a connection with credentials of before is made
  renewal.connected(at(10s), 60s);
  EXPECT_LE(renewal.due(), at(15s));
  renewal.asking();
  renewal.changed(at(25s));
  renewal.sent(at(20s), 60s);
  renewal.changed(at(26s));
  renewal.accepted();
  EXPECT_LE(renewal.due(), at(26s));
  renewal.asking();
  renewal.sent(at(27s), 60s);
  renewal.accepted();
  EXPECT_EQ(renewal.due(), at(87s));
}

TEST(login_renewal, FailuresAreRepeatedWithAGrowingPause) {
  login_renewal renewal;
  renewal.connected(at(0s), 1s);
  std::vector<std::chrono::seconds> pauses;
  for (int i = 0; i < 9; ++i) {
    renewal.failed(at(100s));
    pauses.push_back(std::chrono::duration_cast<std::chrono::seconds>(renewal.due() - at(100s)));
  }
  EXPECT_EQ(pauses, (std::vector{1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s}));
  renewal.changed(at(101s));
  EXPECT_EQ(renewal.due(), at(101s));
  renewal.sent(at(101s), 0s);
  renewal.accepted();
  renewal.failed(at(200s));
  EXPECT_EQ(renewal.due(), at(201s));
}

}  // namespace
}  // namespace drover::connection::login_renewal_test
