// SPDX-License-Identifier: MIT
#include "audit/engine/key_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace drover::audit::key_table_test {
namespace {

std::string name_of(std::size_t number) { return "user:" + std::to_string(1000 + number); }

/// Compares the table with a list in the order of use.
TEST(audit_key_table, ForgetsTheLeastRecentlyUsedKeyAndNoOther) {
  settings options;
  options.keys_max = 16;
  std::vector<std::string> forgotten;
  key_table keys(options, [&](key_state& key) { forgotten.push_back(key.name); });
  std::vector<std::string> model;  // the least recently used first
  std::vector<std::string> expected;
  std::vector<std::pair<key_ref, std::string>> refs;
  std::mt19937 dice(1);
  for (int turn = 0; turn < 4'000; ++turn) {
    const std::string name = name_of(dice() % 24);
    const auto at = std::find(model.begin(), model.end(), name);
    if (at != model.end()) {
      model.erase(at);
    } else if (model.size() == options.keys_max) {
      expected.push_back(model.front());
      model.erase(model.begin());
    }
    model.push_back(name);
    const key_state& key = keys.touch(0, name);
    ASSERT_EQ(key.name, name);
    refs.emplace_back(key.ref, name);
    ASSERT_EQ(keys.size(), model.size());
  }
  EXPECT_EQ(forgotten, expected);
  std::vector<std::string> remembered;
  keys.for_each([&](const key_state& key) { remembered.push_back(key.name); });
  std::reverse(remembered.begin(), remembered.end());
  EXPECT_EQ(remembered, model);
  // A reference leads to its own key or to none.
  for (const auto& [ref, name] : refs) {
    const key_state* const key = keys.find(ref);
    EXPECT_TRUE(key == nullptr || key->name == name);
  }
  for (const std::string& name : model) {
    const key_state* const key = keys.find(0, name);
    ASSERT_NE(key, nullptr);
    EXPECT_EQ(keys.find(key->ref), key);
  }
  EXPECT_EQ(keys.keys_seen(), options.keys_max + forgotten.size());
}

TEST(audit_key_table, AForgottenKeyComesBackAsNew) {
  settings options;
  options.keys_max = 1;
  key_table keys(options, [](key_state&) {});
  keys.touch(0, "a").counts.hits = 5;
  const key_ref old = keys.touch(0, "a").ref;
  keys.touch(0, "b");
  EXPECT_EQ(keys.find(old), nullptr);
  EXPECT_EQ(keys.touch(0, "a").counts.hits, 0U);
  EXPECT_EQ(keys.find(old), nullptr) << "another key in the same slot must not be found";
  EXPECT_EQ(keys.find(key_ref{}), nullptr);
}

TEST(audit_key_table, DatabasesHaveKeysOfTheirOwn) {
  const settings options;
  key_table keys(options, [](key_state&) {});
  key_state& zero = keys.touch(0, "a");
  key_state& one = keys.touch(1, "a");
  EXPECT_NE(&zero, &one);
  EXPECT_EQ(zero.pattern, one.pattern);
  zero.state = one.state = key_state::presence::present;
  keys.flush(1, false);
  EXPECT_EQ(zero.state, key_state::presence::present);
  EXPECT_EQ(one.state, key_state::presence::absent);
  keys.flush(1, true);
  EXPECT_EQ(zero.state, key_state::presence::absent);
}

TEST(audit_key_table, PatternsBeyondTheLimitShareOneThatIsIgnored) {
  settings options;
  options.patterns_max = 4;
  key_table keys(options, [](key_state&) {});
  for (const char* const name : {"a:1", "b:1", "c:1", "d:1", "e:1", "a:2"}) keys.touch(0, name);
  ASSERT_EQ(keys.patterns().size(), 4U);
  EXPECT_EQ(keys.patterns()[3].text, "(others)");
  EXPECT_EQ(keys.patterns()[3].given_role, key_role::ignored);
  EXPECT_EQ(keys.patterns()[3].keys, 2U);
  EXPECT_EQ(keys.patterns()[0].keys, 2U);
}

TEST(audit_key_table, TheFirstRoleThatIsToldCounts) {
  settings options;
  options.roles = {{"a:lock", key_role::lock}, {"a:*", key_role::value}};
  key_table keys(options, [](key_state&) {});
  EXPECT_EQ(keys.touch(0, "a:lock").pattern->given_role, key_role::lock);
  EXPECT_EQ(keys.touch(0, "a:1").pattern->given_role, key_role::value);
  EXPECT_EQ(keys.touch(0, "b:1").pattern->given_role, std::nullopt);
}

TEST(audit_key_table, HiddenNamesSayTheirPatternAndNothingElse) {
  const settings options;
  key_table keys(options, [](key_state&) {});
  keys.hide_keys();
  const key_state& first = keys.touch(0, "00000000000000aa:0000000000000001");
  const key_state& second = keys.touch(0, "00000000000000aa:0000000000000002");
  const key_state& other = keys.touch(0, "00000000000000bb:0000000000000001");
  EXPECT_EQ(first.pattern, second.pattern);
  EXPECT_NE(first.pattern, other.pattern);
  EXPECT_EQ(first.pattern->text, "00000000000000aa");
}

}  // namespace
}  // namespace drover::audit::key_table_test
