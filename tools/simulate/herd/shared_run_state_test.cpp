// SPDX-License-Identifier: MIT
#include "simulate/herd/shared_run_state.hpp"

#include <gtest/gtest.h>

namespace drover::simulate::shared_run_state_test {
namespace {

TEST(shared_run_state, LetsAQueryThroughAfterTheEndWhenAPlaceIsFree) {
  shared_run_state state{{}, 1};
  state.control().end_at = monotonic_now();
  EXPECT_TRUE(state.pass_gate());
}

TEST(shared_run_state, TurnsAQueryAwayAfterTheEndWhenItWouldHaveToWait) {
  shared_run_state state{{}, 1};
  ASSERT_TRUE(state.pass_gate());
  state.control().end_at = monotonic_now();
  EXPECT_FALSE(state.pass_gate());
  state.leave_gate();
  EXPECT_TRUE(state.pass_gate());
}

TEST(shared_run_state, HasNoGateForAnOriginOfUnlimitedCapacity) {
  shared_run_state state{{}, 0};
  state.control().end_at = monotonic_now();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(state.pass_gate());
}

}  // namespace
}  // namespace drover::simulate::shared_run_state_test
