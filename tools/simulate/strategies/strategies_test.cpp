// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "simulate/strategies/strategy.hpp"

namespace drover::simulate::strategies_test {
namespace {

TEST(simulate_strategy_kinds, AreTheEightThatAreShownInThisOrder) {
  std::vector<std::string_view> names;
  for (const strategy_kind& strategy : strategies()) names.push_back(strategy.name);
  EXPECT_EQ(names,
            (std::vector<std::string_view>{"cache-aside", "retry-lock", "lock-lua", "xfetch-by-age",
                                           "xfetch", "singleflight", "drover", "drover-strict"}));
}

TEST(simulate_strategy_kinds, AreFoundByTheirNames) {
  for (const strategy_kind& strategy : strategies())
    EXPECT_EQ(find_strategy(strategy.name), &strategy);
  EXPECT_EQ(find_strategy("lock"), find_strategy("retry-lock")) << "a former name";
  EXPECT_EQ(find_strategy("xfetch-article"), find_strategy("xfetch-by-age")) << "a former name";
  EXPECT_EQ(find_strategy("dro"), nullptr);
  EXPECT_EQ(find_strategy(""), nullptr);
}

TEST(simulate_strategy_kinds, SayWhatTheyAreEachInItsOwnWords) {
  std::set<std::string_view> titles;
  std::set<std::string_view> summaries;
  for (const strategy_kind& strategy : strategies()) {
    EXPECT_LE(strategy.title.size(), 18U) << strategy.name << ": as wide as a table's column";
    EXPECT_FALSE(strategy.weakness.empty()) << strategy.name;
    titles.insert(strategy.title);
    summaries.insert(strategy.summary);
  }
  EXPECT_EQ(titles.size(), strategies().size());
  EXPECT_EQ(summaries.size(), strategies().size());
}

TEST(simulate_strategy_kinds, RefuseAUrlThatCannotBeMeant) {
  for (const strategy_kind& strategy : strategies()) {
    EXPECT_THROW(static_cast<void>(strategy.begin(
                     {.redis_url = "http://x", .ask = {}, .ttl = std::chrono::seconds{1}})),
                 std::exception)
        << strategy.name;
  }
}

}  // namespace
}  // namespace drover::simulate::strategies_test
