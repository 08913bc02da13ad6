// SPDX-License-Identifier: MIT
#include "fetch/load_turns.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/random.hpp"

namespace drover::fetch::load_turns_test {
namespace {

using turn_answer = load_turns<int>::turn_answer;

TEST(load_turns, GivesSoManyTurnsThenQueuesThenRefuses) {
  load_turns<int> turns{2, 1};
  EXPECT_EQ(turns.ask(1), turn_answer::granted);
  EXPECT_EQ(turns.ask(2), turn_answer::granted);
  EXPECT_EQ(turns.free(), 0U);
  EXPECT_EQ(turns.ask(3), turn_answer::queued);
  EXPECT_EQ(turns.ask(4), turn_answer::refused);
  EXPECT_EQ(turns.queued(), 1U);
}

TEST(load_turns, HandsATurnOnInTheOrderOfAsking) {
  load_turns<int> turns{1, 10};
  EXPECT_EQ(turns.ask(1), turn_answer::granted);
  EXPECT_EQ(turns.ask(2), turn_answer::queued);
  EXPECT_EQ(turns.ask(3), turn_answer::queued);
  EXPECT_EQ(turns.give_back(), 2);
  EXPECT_EQ(turns.free(), 0U) << "it was handed on, not freed";
  EXPECT_EQ(turns.give_back(), 3);
  EXPECT_EQ(turns.give_back(), std::nullopt);
  EXPECT_EQ(turns.free(), 1U);
  EXPECT_EQ(turns.ask(4), turn_answer::granted);
}

TEST(load_turns, LetsAQueuedOneGo) {
  load_turns<int> turns{1, 2};
  EXPECT_EQ(turns.ask(1), turn_answer::granted);
  EXPECT_EQ(turns.ask(2), turn_answer::queued);
  EXPECT_EQ(turns.ask(3), turn_answer::queued);
  EXPECT_TRUE(turns.leave(2));
  EXPECT_FALSE(turns.leave(2));
  EXPECT_FALSE(turns.leave(1)) << "it has a turn: that is given back";
  EXPECT_EQ(turns.ask(2), turn_answer::queued) << "there is room again";
  EXPECT_EQ(turns.give_back(), 3);
  EXPECT_EQ(turns.give_back(), 2);
}

TEST(load_turns, KeepsNoTicketThatIsNotQueued) {
  load_turns<std::shared_ptr<int>> turns{1, 2};
  const auto first = std::make_shared<int>(1);
  const auto second = std::make_shared<int>(2);
  static_cast<void>(turns.ask(first));
  static_cast<void>(turns.ask(second));
  EXPECT_EQ(first.use_count(), 1);
  EXPECT_GT(second.use_count(), 1);
  EXPECT_EQ(turns.give_back(), second);
  EXPECT_EQ(second.use_count(), 1);
}

TEST(load_turns, DoesWhatAPlainQueueDoesForAllCommands) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    base::seeded_random draws{seed};
    unsigned free = static_cast<unsigned>(draws.next() % 4);
    const std::size_t queue_max = draws.next() % 6;
    load_turns<int> turns{free, queue_max};
    unsigned taken_turns = 0;
    std::deque<int> line;
    for (int i = 0; i < 200; ++i) {
      const auto kind = draws.next() % 4;
      if (kind < 2) {
        const turn_answer expected = free > 0                  ? turn_answer::granted
                                     : line.size() < queue_max ? turn_answer::queued
                                                               : turn_answer::refused;
        ASSERT_EQ(turns.ask(i), expected);
        if (expected == turn_answer::granted) --free, ++taken_turns;
        if (expected == turn_answer::queued) line.push_back(i);
      } else if (kind == 2 && taken_turns > 0) {
        std::optional<int> next;
        if (line.empty()) {
          ++free, --taken_turns;
        } else {
          next = line.front();
          line.pop_front();
        }
        ASSERT_EQ(turns.give_back(), next);
      } else {
        const int ticket =
            line.empty() || draws.next() % 4 == 0 ? -1 : line[draws.next() % line.size()];
        ASSERT_EQ(turns.leave(ticket), std::erase(line, ticket) > 0);
      }
      ASSERT_EQ(turns.queued(), line.size());
      ASSERT_EQ(turns.free(), free);
    }
  }
}

}  // namespace
}  // namespace drover::fetch::load_turns_test
