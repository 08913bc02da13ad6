// SPDX-License-Identifier: MIT
#include "simulate/herd/run_plan.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace drover::simulate::run_plan_test {
namespace {

using namespace std::chrono_literals;

run_plan unusual_plan() {
  return {.strategy = "lock",
          .strategy_command = "python3 'my client.py' {redis} --x=1",
          .redis_url = "unix:///a b/redis.sock",
          .origin = "sqlite:/x=y",
          .prefix = "drover-simulate:ab12:profile:",
          .keys = 1000,
          .has_rows = false,
          .processes = 3,
          .callers = 7,
          .arrivals = arrival::open,
          .think = 5ms,
          .rate = 1000.25,
          .duration = 12s,
          .ttl = 300s,
          .fill_ttl = 1s,
          .change_every = 100ms,
          .load = "uniform:20-80",
          .capacity = 20,
          .seed = 18446744073709551615U};
}

TEST(run_plan, ComesBackFromItsArgumentsAsItWas) {
  EXPECT_EQ(from_arguments(to_arguments(run_plan{})), run_plan{});
  EXPECT_EQ(from_arguments(to_arguments(unusual_plan())), unusual_plan());
}

TEST(run_plan, RefusesArgumentsThatAreNotItsOwn) {
  for (const char* wrong : {"--keys=", "--keys=x", "--keys=-1", "--keys", "keys=1", "--none=1",
                            "--arrivals=3", "--has-rows=2", "--rate=fast", ""}) {
    const std::vector<std::string> arguments{wrong};
    EXPECT_THROW(static_cast<void>(from_arguments(arguments)), std::invalid_argument) << wrong;
  }
}

TEST(run_plan, KnowsItsKeysByTheirNames) {
  run_plan plan;
  plan.prefix = "p:1:";
  plan.keys = 12;
  EXPECT_EQ(key_number(plan, key_name(plan, 0)), 0U);
  EXPECT_EQ(key_number(plan, key_name(plan, 11)), 11U);
  for (const char* foreign : {"p:1:12", "p:1:", "p:2:0", "", "p:1:0x", "p:1:-1"}) {
    EXPECT_EQ(key_number(plan, foreign), plan.keys) << foreign;
  }
}

}  // namespace
}  // namespace drover::simulate::run_plan_test
