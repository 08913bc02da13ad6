// SPDX-License-Identifier: MIT
#include "fetch/load_limiter.hpp"

#include <gtest/gtest.h>

namespace drover::fetch {
namespace {

TEST(load_limiter, GivesSoManyTurnsAndThenQueues) {
  load_limiter<int> turns{2};
  EXPECT_TRUE(turns.ask(1));
  EXPECT_TRUE(turns.ask(2));
  EXPECT_EQ(turns.free(), 0U);
  EXPECT_FALSE(turns.ask(3));
  EXPECT_FALSE(turns.ask(4));
  EXPECT_EQ(turns.queued(), 2U);
}

TEST(load_limiter, HandsATurnOnInTheOrderOfAsking) {
  load_limiter<int> turns{1};
  EXPECT_TRUE(turns.ask(1));
  EXPECT_FALSE(turns.ask(2));
  EXPECT_FALSE(turns.ask(3));
  EXPECT_EQ(turns.give_back(), 2);
  EXPECT_EQ(turns.free(), 0U) << "it was handed on, not freed";
  EXPECT_EQ(turns.give_back(), 3);
  EXPECT_EQ(turns.give_back(), std::nullopt);
  EXPECT_EQ(turns.free(), 1U);
  EXPECT_TRUE(turns.ask(4));
}

TEST(load_limiter, LetsAQueuedOneGo) {
  load_limiter<int> turns{1};
  EXPECT_TRUE(turns.ask(1));
  EXPECT_FALSE(turns.ask(2));
  EXPECT_FALSE(turns.ask(3));
  EXPECT_TRUE(turns.leave(2));
  EXPECT_FALSE(turns.leave(2));
  EXPECT_FALSE(turns.leave(1)) << "it has a turn: that is given back";
  EXPECT_EQ(turns.give_back(), 3);
}

}  // namespace
}  // namespace drover::fetch
