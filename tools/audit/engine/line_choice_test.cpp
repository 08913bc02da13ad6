// SPDX-License-Identifier: MIT
#include "audit/engine/line_choice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.hpp"

namespace drover::audit::line_choice_test {
namespace {

using places = std::vector<std::size_t>;

std::vector<bool> lines(std::size_t count, const places& changes) {
  std::vector<bool> changed(count);
  for (const std::size_t at : changes) changed[at] = true;
  return changed;
}

TEST(audit_line_choice, TakesAllLinesThatFit) {
  EXPECT_EQ(chosen_lines({}, 4), places{});
  EXPECT_EQ(chosen_lines(lines(4, {1}), 4), (places{0, 1, 2, 3}));
}

TEST(audit_line_choice, TakesBothEndsOfLinesThatAreAllAlike) {
  EXPECT_EQ(chosen_lines(lines(100, {}), 6), (places{0, 1, 2, 97, 98, 99}));
  EXPECT_EQ(chosen_lines(lines(100, {}), 2), (places{0, 99}));
}

TEST(audit_line_choice, TakesTheLinesThatChangedAKeyFirst) {
  EXPECT_EQ(chosen_lines(lines(100, {50, 70}), 6), (places{0, 1, 50, 70, 98, 99}));
}

TEST(audit_line_choice, LeavesOutTheMiddleOfTooManyChanges) {
  EXPECT_EQ(chosen_lines(lines(100, {10, 20, 30, 40, 50, 60}), 6), (places{0, 10, 20, 50, 60, 99}));
}

TEST(audit_line_choice, IsBoundedAscendingAndCompleteForAnyTimeline) {
  base::seeded_random random{7};
  for (int round = 0; round < 2000; ++round) {
    std::vector<bool> changed(random.next() % 60);
    for (std::size_t i = 0; i < changed.size(); ++i) changed[i] = random.next() % 5 == 0;
    const std::size_t most = 2 + random.next() % 20;
    const places chosen = chosen_lines(changed, most);
    EXPECT_EQ(chosen.size(), std::min(changed.size(), most));
    EXPECT_EQ(std::adjacent_find(chosen.begin(), chosen.end(), std::greater_equal<>{}),
              chosen.end());
    if (!changed.empty()) {
      EXPECT_EQ(chosen.front(), 0U);
      EXPECT_EQ(chosen.back(), changed.size() - 1);
    }
    const auto changes = static_cast<std::size_t>(std::count(changed.begin(), changed.end(), true));
    if (changes + 2 > most) continue;
    for (std::size_t i = 0; i < changed.size(); ++i) {
      if (changed[i]) {
        EXPECT_TRUE(std::binary_search(chosen.begin(), chosen.end(), i)) << i;
      }
    }
  }
}

}  // namespace
}  // namespace drover::audit::line_choice_test
