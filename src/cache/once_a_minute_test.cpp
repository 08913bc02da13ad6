// SPDX-License-Identifier: MIT
#include "cache/once_a_minute.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace drover::detail::once_a_minute_test {
namespace {

using namespace std::chrono_literals;

steady_time at(microseconds since_boot) { return steady_time{since_boot}; }

TEST(once_a_minute, CountsFromTheLastOneAndNotFromTheFullMinute) {
  once_a_minute gate;
  EXPECT_TRUE(gate.is_due(at(59s)));
  EXPECT_FALSE(gate.is_due(at(59s)));
  EXPECT_FALSE(gate.is_due(at(60s)));
  EXPECT_FALSE(gate.is_due(at(66s)));
  EXPECT_FALSE(gate.is_due(at(119s - 1us)));
  EXPECT_TRUE(gate.is_due(at(119s)));
  EXPECT_FALSE(gate.is_due(at(178s)));
  EXPECT_TRUE(gate.is_due(at(1h)));
}

TEST(once_a_minute, LetsTheFirstOneThroughWheneverItComes) {
  for (const microseconds boot : {0us, 1us, microseconds{24h * 365}}) {
    once_a_minute gate;
    EXPECT_TRUE(gate.is_due(at(boot)));
  }
}

TEST(once_a_minute, LetsOneThroughOfManyAtOnce) {
  once_a_minute gate;
  std::atomic<int> let_through{0};
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 8; ++i) {
      callers.emplace_back([&] {
        for (int j = 0; j < 1000; ++j) let_through += gate.is_due(at(1s)) ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(let_through, 1);
}

}  // namespace
}  // namespace drover::detail::once_a_minute_test
