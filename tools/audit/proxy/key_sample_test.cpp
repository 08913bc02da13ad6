// SPDX-License-Identifier: MIT
#include "audit/proxy/key_sample.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace drover::audit::key_sample_test {
namespace {

using namespace std::chrono_literals;

event of_keys(const std::vector<int>& ids) {
  event out;
  for (const int id : ids) {
    field key;
    key.kind = field_kind::key;
    key.text = "user:" + std::to_string(id);
    out.arguments.push_back(key);
  }
  out.arguments.emplace_back();  // a value
  return out;
}

TEST(audit_key_sample, KeepsAllKeysUntilThereIsNoRoom) {
  key_sample subject;
  for (double fill = 0; fill < key_sample::fill_max; fill += 0.01) {
    EXPECT_FALSE(subject.halve_if_due(fill, 1s));
  }
  EXPECT_EQ(subject.keys_per_million(), all_keys);
  EXPECT_TRUE(subject.includes(of_keys({1, 2})));
}

TEST(audit_key_sample, HalvesOnceAndWaitsForTheEffect) {
  key_sample subject;
  EXPECT_TRUE(subject.halve_if_due(0.8, 1s));
  EXPECT_FALSE(subject.halve_if_due(0.9, 1s));
  EXPECT_FALSE(subject.halve_if_due(1.0, 1s + key_sample::effect_after - 1us));
  EXPECT_EQ(subject.keys_per_million(), all_keys / 2);
  EXPECT_TRUE(subject.halve_if_due(0.8, 1s + key_sample::effect_after))
      << "the fill has not dropped";
  EXPECT_FALSE(subject.halve_if_due(0.4, 2s));
  EXPECT_TRUE(subject.halve_if_due(0.8, 2s)) << "the fill had dropped in between";
  EXPECT_EQ(subject.keys_per_million(), all_keys / 8);
  for (int i = 0; i < 100; ++i) static_cast<void>(subject.halve_if_due(1.0, 3s + i * 1s));
  EXPECT_GE(subject.keys_per_million(), key_sample::keys_per_million_min);
  EXPECT_LT(subject.keys_per_million(), 2 * key_sample::keys_per_million_min);
}

TEST(audit_key_sample, ASmallerSampleIsAPartOfTheLarger) {
  constexpr int count = 10'000;
  key_sample subject;
  std::size_t before = count;
  std::set<int> sample;
  for (int id = 0; id < count; ++id) sample.insert(id);
  for (int i = 1; i <= 4; ++i) {
    ASSERT_TRUE(subject.halve_if_due(1.0, i * 1s));
    std::set<int> now;
    for (int id = 0; id < count; ++id) {
      if (subject.includes(of_keys({id}))) now.insert(id);
    }
    for (const int id : now) EXPECT_TRUE(sample.contains(id)) << "the sample only shrinks";
    EXPECT_GT(now.size(), before / 3);
    EXPECT_LT(now.size(), before * 2 / 3);
    before = now.size();
    sample = now;
  }
}

TEST(audit_key_sample, WantsAnEventForTheSakeOfAnyOfItsKeys) {
  key_sample subject;
  ASSERT_TRUE(subject.halve_if_due(1.0, 1s));
  int in = 0;
  int out = 0;
  while (!subject.includes(of_keys({in}))) ++in;
  while (subject.includes(of_keys({out}))) ++out;
  EXPECT_TRUE(subject.includes(of_keys({out, in})));
  EXPECT_FALSE(subject.includes(of_keys({out})));
  EXPECT_TRUE(subject.includes(of_keys({}))) << "such as MULTI";
}

TEST(audit_key_sample, BeginsWithTheShareThatTheUserChoseAndKeepsLocksWithTheirValues) {
  key_sample subject{100'000};
  int included = 0;
  for (int id = 0; id < 10'000; ++id) {
    event lock = of_keys({id});
    lock.arguments[0].text = "lock:" + lock.arguments[0].text;
    EXPECT_EQ(subject.includes(lock), subject.includes(of_keys({id}))) << id;
    if (subject.includes(lock)) ++included;
  }
  EXPECT_NEAR(included, 1'000, 150);
  EXPECT_TRUE(subject.halve_if_due(1.0, 1s));
  EXPECT_EQ(subject.keys_per_million(), 50'000U);
}

}  // namespace
}  // namespace drover::audit::key_sample_test
