// SPDX-License-Identifier: MIT
#include "connection/stall_gate.hpp"

#include <gtest/gtest.h>

namespace drover::connection::stall_gate_test {
namespace {

using namespace std::chrono_literals;
using pass = stall_gate::pass;
constexpr steady_time start{1000s};

TEST(stall_gate, IsOpenUntilAConnectionHasStalled) {
  stall_gate gate;
  EXPECT_EQ(gate.ask(start), pass::free);
  gate.stalled(start);
  EXPECT_EQ(gate.ask(start), pass::none);
  EXPECT_EQ(gate.ask(start + 499ms), pass::none);
}

TEST(stall_gate, LetsOneTrialThroughAfterTheWhile) {
  stall_gate gate;
  gate.stalled(start);
  EXPECT_EQ(gate.ask(start + 500ms), pass::trial);
  EXPECT_EQ(gate.ask(start + 10s), pass::none);
  gate.trial_ended(true);
  EXPECT_EQ(gate.ask(start + 10s), pass::free);
}

TEST(stall_gate, IsShutLongerEachTimeUpToItsMost) {
  stall_gate gate;
  steady_time moment = start;
  for (const milliseconds shut : {500ms, 1000ms, 2000ms, 4000ms, 5000ms, 5000ms}) {
    gate.stalled(moment);
    EXPECT_EQ(gate.ask(moment + shut - 1ms), pass::none);
    moment += shut;
    EXPECT_EQ(gate.ask(moment), pass::trial);
    gate.trial_ended(false);
  }
}

TEST(stall_gate, ATrialThatEndedForAnotherReasonMakesRoomForTheNext) {
  stall_gate gate;
  gate.stalled(start);
  EXPECT_EQ(gate.ask(start + 1s), pass::trial);
  gate.trial_ended(false);
  EXPECT_EQ(gate.ask(start + 1s), pass::trial);
}

}  // namespace
}  // namespace drover::connection::stall_gate_test
