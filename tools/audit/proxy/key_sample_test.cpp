// SPDX-License-Identifier: MIT
#include "audit/proxy/key_sample.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "audit/capture/record.hpp"
#include "base/random.hpp"

namespace drover::audit::key_sample_test {
namespace {

using namespace std::chrono_literals;

event of_keys(const std::vector<std::uint64_t>& hashes) {
  event out;
  for (const auto hash : hashes) {
    field key;
    key.kind = field_kind::key;
    key.content_digest.hash = hash;
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
  EXPECT_EQ(subject.one_in(), 1U);
  EXPECT_TRUE(subject.includes(of_keys({1, 2})));
}

TEST(audit_key_sample, HalvesOnceAndWaitsForTheEffect) {
  key_sample subject;
  EXPECT_TRUE(subject.halve_if_due(0.8, 1s));
  EXPECT_FALSE(subject.halve_if_due(0.9, 1s));
  EXPECT_FALSE(subject.halve_if_due(1.0, 1s + key_sample::effect_after - 1us));
  EXPECT_EQ(subject.one_in(), 2U);
  EXPECT_TRUE(subject.halve_if_due(0.8, 1s + key_sample::effect_after))
      << "the fill has not dropped";
  EXPECT_FALSE(subject.halve_if_due(0.4, 2s));
  EXPECT_TRUE(subject.halve_if_due(0.8, 2s)) << "the fill had dropped in between";
  EXPECT_EQ(subject.one_in(), 8U);
  for (int i = 0; i < 100; ++i) static_cast<void>(subject.halve_if_due(1.0, 3s + i * 1s));
  EXPECT_EQ(subject.one_in(), key_sample::one_in_max);
}

TEST(audit_key_sample, ASmallerSampleIsAPartOfTheLarger) {
  base::seeded_random random{3};
  std::vector<std::uint64_t> hashes(10'000);
  for (auto& hash : hashes) hash = random.next();
  key_sample subject;
  std::size_t before = hashes.size();
  std::set<std::uint64_t> sample(hashes.begin(), hashes.end());
  for (int i = 1; i <= 4; ++i) {
    ASSERT_TRUE(subject.halve_if_due(1.0, i * 1s));
    std::set<std::uint64_t> now;
    for (const auto hash : hashes) {
      if (subject.includes(of_keys({hash}))) now.insert(hash);
    }
    for (const auto hash : now) EXPECT_TRUE(sample.count(hash) > 0) << "the sample only shrinks";
    EXPECT_GT(now.size(), before / 3);
    EXPECT_LT(now.size(), before * 2 / 3);
    before = now.size();
    sample = now;
  }
}

TEST(audit_key_sample, WantsAnEventForTheSakeOfAnyOfItsKeys) {
  key_sample subject;
  ASSERT_TRUE(subject.halve_if_due(1.0, 1s));
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  base::seeded_random random{4};
  while (!in_sample(in, 2)) in = random.next();
  while (out == 0 || in_sample(out, 2)) out = random.next();
  EXPECT_TRUE(subject.includes(of_keys({out, in})));
  EXPECT_FALSE(subject.includes(of_keys({out})));
  EXPECT_TRUE(subject.includes(of_keys({}))) << "such as MULTI";
}

}  // namespace
}  // namespace drover::audit::key_sample_test
