// SPDX-License-Identifier: MIT
#include "simulate/run/connection_need.hpp"

#include <gtest/gtest.h>

namespace drover::simulate::connection_need_test {
namespace {

TEST(connection_need, CountsCallersBackgroundLoadsAndWhatTheToolOpensItself) {
  EXPECT_EQ(connections_for({.processes = 4, .callers = 50}), 50U + 4 * 54);
}

TEST(connection_need, IsBoundedByTheDatabasesCapacity) {
  EXPECT_EQ(connections_for({.processes = 4, .callers = 1000, .capacity = 20}), 50U + 4 * 20);
}

TEST(connection_need, AdvisesTheMostCallersThatFit) {
  const run_plan plan{.processes = 4, .callers = 50};
  EXPECT_EQ(advice_for_room(plan, 97), "with --processes 4, at most --callers 7 fit");
  const run_plan fitting{.processes = 4, .callers = 7};
  EXPECT_LE(connections_for(fitting), 97U);
  const run_plan larger{.processes = 4, .callers = 8};
  EXPECT_GT(connections_for(larger), 97U);
}

TEST(connection_need, AdvisesFewerProcessesWhenNoCallerOfSoManyFits) {
  const run_plan plan{.processes = 32, .callers = 50};
  EXPECT_EQ(advice_for_room(plan, 97), "at most --processes 1 --callers 43 fit");
}

TEST(connection_need, SaysThatNothingFits) {
  EXPECT_EQ(advice_for_room({.processes = 4, .callers = 1}, 30),
            "no simulation fits: it needs room for at least 55");
}

}  // namespace
}  // namespace drover::simulate::connection_need_test
