// SPDX-License-Identifier: MIT
#include "audit/engine/line_choice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/random.hpp"

namespace drover::audit::line_choice_test {
namespace {

using places = std::vector<std::size_t>;

std::vector<line_weight> lines(std::size_t count, const places& changes,
                               const places& decisive = {}) {
  std::vector<line_weight> weights(count, line_weight::other);
  for (const std::size_t at : changes) weights[at] = line_weight::changed_key;
  for (const std::size_t at : decisive) weights[at] = line_weight::decisive;
  return weights;
}

TEST(audit_line_choice, TakesAllLinesThatFit) {
  EXPECT_EQ(chosen_lines(lines(0, {}), 4), places{});
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

TEST(audit_line_choice, NeverLeavesOutADecisiveLine) {
  const auto weights = lines(100, {10, 20, 30, 40, 50, 60}, {35, 36});
  EXPECT_EQ(chosen_lines(weights, 6), (places{0, 10, 35, 36, 60, 99}));
  EXPECT_EQ(chosen_lines(weights, 4), (places{0, 35, 36, 99}));
}

TEST(audit_line_choice, IsBoundedAscendingAndCompleteForAnyTimeline) {
  base::seeded_random random{7};
  for (int round = 0; round < 2000; ++round) {
    std::vector<line_weight> changed(random.next() % 60, line_weight::other);
    for (line_weight& weight : changed) {
      if (random.next() % 5 == 0) weight = line_weight::changed_key;
    }
    const std::size_t most = 2 + random.next() % 20;
    const places chosen = chosen_lines(changed, most);
    EXPECT_EQ(chosen.size(), std::min(changed.size(), most));
    EXPECT_EQ(std::adjacent_find(chosen.begin(), chosen.end(), std::greater_equal<>{}),
              chosen.end());
    if (!changed.empty()) {
      EXPECT_EQ(chosen.front(), 0U);
      EXPECT_EQ(chosen.back(), changed.size() - 1);
    }
    const auto changes = static_cast<std::size_t>(
        std::count(changed.begin(), changed.end(), line_weight::changed_key));
    if (changes + 2 > most) continue;
    for (std::size_t i = 0; i < changed.size(); ++i) {
      if (changed[i] == line_weight::changed_key) {
        EXPECT_TRUE(std::binary_search(chosen.begin(), chosen.end(), i)) << i;
      }
    }
  }
}

TEST(audit_line_choice, CountsWhatIsLeftOutBetweenTheLinesThatAreShown) {
  std::vector<moment_line> timeline(20);
  timeline[5].left_out = 100;
  timeline[11].decisive = true;
  const std::vector<shown_line> shown = shown_lines(timeline, 3);
  ASSERT_EQ(shown.size(), 3U);
  EXPECT_EQ(shown[0].place, 0U);
  EXPECT_EQ(shown[0].left_out, 0U);
  EXPECT_EQ(shown[1].place, 11U);
  EXPECT_EQ(shown[1].left_out, 9U + 100U);
  EXPECT_EQ(shown[2].place, 19U);
  EXPECT_EQ(shown[2].left_out, 7U);
}

}  // namespace
}  // namespace drover::audit::line_choice_test
