// SPDX-License-Identifier: MIT
#include "connection/timer_queue.hpp"

#include <gtest/gtest.h>

#include <string>

namespace drover::connection::timer_queue_test {
namespace {

steady_time at(int when) { return steady_time{microseconds{when}}; }

TEST(timer_queue, RunsInOrderOfTimeAndThenOfAddition) {
  timer_queue timers;
  std::string ran;
  timers.add(at(20), [&] { ran += "c"; });
  timers.add(at(10), [&] { ran += "a"; });
  timers.add(at(10), [&] { ran += "b"; });
  timers.add(at(30), [&] { ran += "d"; });
  EXPECT_EQ(timers.next(), at(10));
  EXPECT_FALSE(timers.take_due(at(9)));
  while (auto due = timers.take_due(at(20))) due();
  EXPECT_EQ(ran, "abc");
  EXPECT_EQ(timers.next(), at(30));
}

TEST(timer_queue, ARemovedTimerDoesNotRunAndIsRemovedOnce) {
  timer_queue timers;
  const auto first = timers.add(at(10), [] { FAIL(); });
  const auto second = timers.add(at(10), [] {});
  EXPECT_NE(first, second);
  EXPECT_TRUE(timers.remove(first));
  EXPECT_FALSE(timers.remove(first));
  EXPECT_FALSE(timers.remove(12345));
  auto due = timers.take_due(at(10));
  ASSERT_TRUE(due);
  due();
  EXPECT_FALSE(timers.remove(second));
  EXPECT_EQ(timers.next(), std::nullopt);
}

}  // namespace
}  // namespace drover::connection::timer_queue_test
