// SPDX-License-Identifier: MIT
#include "audit/run/log_pattern.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "audit/run/sampled_number.hpp"

namespace drover::audit::log_pattern_test {
namespace {

struct pattern_example {
  std::string_view pattern;
  std::string_view text;
  std::size_t key_group;
};

TEST(audit_log_pattern, FindsTheGroupThatIsTheKey) {
  const std::vector<pattern_example> all{
      {"load", "load", 0},
      {"load (\\S+)", "load (\\S+)", 1},
      {"(a|b) load (?<key>\\S+)", "(a|b) load (\\S+)", 2},
      {"(?P<level>x) (?P<key>y)", "(x) (y)", 2},
      {"(?<level>x) (y)", "(x) (y)", 1},
      {"(?:x) \\((y) [(?<key>z)]", "(?:x) \\((y) [(?<key>z)]", 1},
      {"(?=x)(?!y)z", "(?=x)(?!y)z", 0},
      {"\\", "\\", 0},
      {"(?<key", "(?<key", 0},
  };
  for (const pattern_example& example : all) {
    const plain_pattern plain = without_names(example.pattern);
    EXPECT_EQ(plain.text, example.text) << example.pattern;
    EXPECT_EQ(plain.key_group, example.key_group) << example.pattern;
  }
}

TEST(audit_log_pattern, FindsTheKeyInALine) {
  const auto pattern = log_pattern::compile("load(?: of (?<key>\\S+))?$");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->key_in("12:00 load of user:42"), "user:42");
  EXPECT_EQ(pattern->key_in("12:00 load"), "");
  EXPECT_EQ(pattern->key_in("12:00 loaded"), std::nullopt);
  EXPECT_EQ(pattern->key_in(std::string(100'000, 'x') + "load"), std::nullopt);
}

TEST(audit_log_pattern, RefusesWhatIsNoRegularExpression) {
  EXPECT_FALSE(log_pattern::compile("("));
  EXPECT_FALSE(log_pattern::compile("(?<=x)y")) << "look-behind is not supported";
  EXPECT_FALSE(log_pattern::compile("a{2,1}"));
}

TEST(audit_growth, CountsFromTheFirstSampleAndFromNothingAfterASetBack) {
  growth counter;
  EXPECT_EQ(counter.add_sample(100), 0U);
  EXPECT_EQ(counter.add_sample(100), 0U);
  EXPECT_EQ(counter.add_sample(107), 7U);
  EXPECT_EQ(counter.add_sample(3), 3U);
  EXPECT_EQ(counter.add_sample(0), 0U);
  EXPECT_EQ(counter.add_sample(-5), 0U);
  EXPECT_EQ(counter.add_sample(5), 10U);
}

}  // namespace
}  // namespace drover::audit::log_pattern_test
