// SPDX-License-Identifier: MIT
#include "fetch/failure_memory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>

namespace drover::fetch {
namespace {

using std::chrono::seconds;

constexpr steady_time start{seconds{1000}};

remembered_failure failing_until(steady_time until, std::uint32_t attempts = 1) {
  return {.what = std::make_exception_ptr(std::runtime_error{"origin"}),
          .of = {},
          .attempts = attempts,
          .until = until};
}

TEST(failure_memory, GivesTheSameExceptionUntilThePauseEnds) {
  failure_memory memory{10};
  const remembered_failure failure = failing_until(start + seconds{2});
  memory.remember("k", failure);
  const auto found = memory.find("k", start + seconds{1});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->what, failure.what);
  EXPECT_FALSE(memory.find("k", start + seconds{2})) << "its end is past it";
  EXPECT_FALSE(memory.find("other", start));
}

TEST(failure_memory, KnowsTheAttemptsForAMinuteMore) {
  failure_memory memory{10};
  memory.remember("k", failing_until(start, 4));
  EXPECT_EQ(memory.attempts("k", start + seconds{59}), 4U);
  EXPECT_EQ(memory.attempts("k", start + seconds{60}), 0U);
  EXPECT_EQ(memory.attempts("other", start), 0U);
}

TEST(failure_memory, ForgetsWhatWasInvalidated) {
  failure_memory memory{10};
  memory.remember("k", failing_until(start + seconds{2}));
  memory.forget("k");
  memory.forget("never known");
  EXPECT_FALSE(memory.find("k", start));
  EXPECT_EQ(memory.size(), 0U);
}

TEST(failure_memory, ForgetsTheFirstToEndWhenItIsFull) {
  failure_memory memory{3};
  memory.remember("b", failing_until(start + seconds{2}));
  memory.remember("a", failing_until(start + seconds{1}));
  memory.remember("c", failing_until(start + seconds{3}));
  memory.remember("d", failing_until(start + seconds{4}));
  EXPECT_EQ(memory.size(), 3U);
  EXPECT_FALSE(memory.find("a", start));
  EXPECT_TRUE(memory.find("b", start));
  EXPECT_TRUE(memory.find("d", start));
}

TEST(failure_memory, ForgetsNobodyElseWhenAKnownKeyFailsAgain) {
  failure_memory memory{2};
  memory.remember("a", failing_until(start + seconds{1}));
  memory.remember("b", failing_until(start + seconds{2}));
  memory.remember("b", failing_until(start + seconds{5}, 2));
  EXPECT_TRUE(memory.find("a", start));
  EXPECT_EQ(memory.attempts("b", start), 2U);
}

TEST(failure_memory, StaysSmallWhateverFails) {
  failure_memory memory{16};
  for (int i = 0; i < 1000; ++i) {
    memory.remember("k" + std::to_string(i), failing_until(start + seconds{i % 7}));
    ASSERT_LE(memory.size(), 16U);
  }
}

}  // namespace
}  // namespace drover::fetch
