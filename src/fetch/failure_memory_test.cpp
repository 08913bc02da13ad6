// SPDX-License-Identifier: MIT
#include "fetch/failure_memory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"

namespace drover::fetch::failure_memory_test {
namespace {

using std::chrono::seconds;

constexpr steady_time start{seconds{1000}};

remembered_failure failing_until(steady_time until, std::uint32_t attempts = 1) {
  return {.exception = std::make_exception_ptr(std::runtime_error{"origin"}),
          .token = {},
          .attempts = attempts,
          .until = until};
}

TEST(failure_memory, GivesTheSameExceptionUntilThePauseEnds) {
  failure_memory memory{10};
  const remembered_failure failure = failing_until(start + seconds{2});
  memory.remember("k", failure);
  const auto known = memory.find("k", start + seconds{1});
  ASSERT_TRUE(known);
  EXPECT_EQ(known->exception, failure.exception);
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

TEST(failure_memory, KeepsTheNewestEvenIfItEndsFirst) {
  for (const std::size_t capacity : {0U, 1U}) {
    failure_memory memory{capacity};
    memory.remember("a", failing_until(start + seconds{5}));
    memory.remember("b", failing_until(start + seconds{1}));
    EXPECT_TRUE(memory.find("b", start));
    EXPECT_EQ(memory.size(), 1U);
  }
}

TEST(failure_memory, DropsThoseThatEndedLongAgo) {
  failure_memory memory{100};
  for (int i = 0; i < 20; ++i) memory.remember(std::to_string(i), failing_until(start));
  EXPECT_EQ(memory.size(), 20U);
  std::size_t dropped = 0;
  for (int i = 0; i < 3; ++i) {
    dropped += memory.remember("new", failing_until(start + seconds{60 + i})).size();
  }
  EXPECT_EQ(memory.size(), 1U);
  EXPECT_EQ(dropped, 20U + 2U) << "and the two that were replaced";
}

/// An exception that counts the destruction of its last copy.
std::exception_ptr noting(int& destroyed) {
  struct noisy {
    std::shared_ptr<int> count;
  };
  return std::make_exception_ptr(noisy{{&destroyed, [](int* count) { ++*count; }}});
}

TEST(failure_memory, NeverDestroysAnException) {
  int destroyed = 0;
  failure_memory memory{1};
  const auto failing = [&](int second) {
    return remembered_failure{.exception = noting(destroyed), .until = start + seconds{second}};
  };
  memory.remember("a", failing(1));
  {
    const auto replaced = memory.remember("a", failing(2));
    EXPECT_EQ(destroyed, 0);
  }
  EXPECT_EQ(destroyed, 1);
  {
    const auto crowded_out = memory.remember("b", failing(3));
    EXPECT_EQ(destroyed, 1);
  }
  EXPECT_EQ(destroyed, 2);
  {
    const auto forgotten = memory.forget("b");
    EXPECT_EQ(memory.size(), 0U);
    EXPECT_EQ(destroyed, 2);
  }
  EXPECT_EQ(destroyed, 3);
}

TEST(failure_memory, DoesWhatAPlainListDoes) {
  base::seeded_random draws{7};
  for (int round = 0; round < 50; ++round) {
    const std::size_t capacity = 1 + draws.next() % 10;
    failure_memory memory{capacity};
    std::vector<std::pair<std::string, remembered_failure>> plain;
    for (int i = 0; i < 200; ++i) {
      // Too short for a failure to be dropped for its age.
      const steady_time now = start + seconds{i / 10};
      const std::string key(1, static_cast<char>('a' + draws.next() % 16));
      const auto at = std::find_if(plain.begin(), plain.end(),
                                   [&](const auto& failure) { return failure.first == key; });
      if (draws.next() % 4 == 0) {
        EXPECT_EQ(memory.forget(key).size(), at == plain.end() ? 0U : 1U);
        if (at != plain.end()) plain.erase(at);
      } else {
        if (at != plain.end()) plain.erase(at);
        if (plain.size() == capacity) {
          plain.erase(std::min_element(plain.begin(), plain.end(), [](auto& left, auto& right) {
            return left.second.until < right.second.until;
          }));
        }
        // All ends differ, so that the first one is unambiguous.
        const auto until = now + milliseconds{draws.next() % 6000} + microseconds{i};
        plain.emplace_back(key, failing_until(until, static_cast<std::uint32_t>(i + 1)));
        memory.remember(key, plain.back().second);
      }
      ASSERT_EQ(memory.size(), plain.size());
      for (const auto& [known, failure] : plain) {
        ASSERT_EQ(memory.attempts(known, now), failure.attempts);
        ASSERT_EQ(memory.find(known, now).has_value(), failure.until > now);
      }
    }
  }
}

}  // namespace
}  // namespace drover::fetch::failure_memory_test
