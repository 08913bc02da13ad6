// SPDX-License-Identifier: MIT
#include "audit/engine/roles.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace drover::audit::roles_test {
namespace {

/// A pattern with the given name. `set_counts` sets its counts.
pattern_state pattern(std::string text, const std::function<void(pattern_state&)>& set_counts) {
  pattern_state result;
  result.text = std::move(text);
  result.keys = 1;
  set_counts(result);
  return result;
}

struct row {
  const char* name;
  key_role role;
  std::function<void(pattern_state&)> set_counts;
};

void expect_roles(const std::vector<row>& rows) {
  for (const row& entry : rows) {
    const pattern_state subject = pattern("a:*", entry.set_counts);
    EXPECT_EQ(role_so_far(subject), entry.role) << entry.name;
    const role_guess guess = guess_role(subject);
    EXPECT_EQ(guess.role, entry.role) << entry.name;
    EXPECT_FALSE(guess.reason.empty()) << entry.name;
  }
}

TEST(audit_roles, ValuesAreReadAndStored) {
  expect_roles({
      {"a cached value", key_role::value,
       [](pattern_state& p) {
         p.counts.hits = 90;
         p.counts.misses = p.counts.stores = p.loads = 10;
       }},
      {"a value that NX stores", key_role::value,
       [](pattern_state& p) {
         p.counts.hits = 50;
         p.counts.misses = 10;
         p.counts.won = p.loads = 5;
         p.counts.lost = 5;
         p.longest_token = p.longest_value = 2'000;
       }},
      {"a mark that a conditional store replaces", key_role::value,
       [](pattern_state& p) {
         p.counts.hits = 50;
         p.counts.misses = p.counts.won = 5;
         p.counts.lost = 5;
         p.counts.stores = p.counts.conditional_stores = p.loads = 5;
       }},
  });
}

TEST(audit_roles, LocksAreWonAndReleased) {
  expect_roles({
      {"a lock by compare-and-delete", key_role::lock,
       [](pattern_state& p) {
         p.counts.won = p.counts.compare_removes = 5;
         p.counts.lost = 3;
         p.lock_holds = p.lock_holds_with_value = 5;
       }},
      {"a lock that is deleted and named one", key_role::lock,
       [](pattern_state& p) {
         p.lock_name = true;
         p.counts.won = p.counts.removes = 5;
         p.lock_holds = p.lock_holds_removed = 5;
       }},
      {"a lock without such a name, held while values are loaded", key_role::lock,
       [](pattern_state& p) {
         p.counts.won = p.counts.removes = 5;
         p.counts.lost = 1;
         p.lock_holds = p.lock_holds_removed = p.lock_holds_with_value = 5;
       }},
      {"a naive lock", key_role::lock,
       [](pattern_state& p) {
         p.lock_name = true;
         p.counts.stores = p.counts.removes = p.counts.exists = 5;
         p.plain_sets = p.plain_releases = p.plain_releases_after_load = 5;
         p.longest_value = 1;
       }},
  });
}

TEST(audit_roles, NothingElseIsEither) {
  expect_roles({
      {"a flag that is looked for and set, with no name of a lock", key_role::other,
       [](pattern_state& p) {
         p.counts.stores = p.counts.removes = p.counts.exists = 5;
         p.longest_value = 1;
       }},
      {"an idempotency key: won once, never deleted", key_role::other,
       [](pattern_state& p) {
         p.counts.won = 40;
         p.counts.lost = 4;
       }},
      {"a leader's lease: won, renewed, never deleted, and no lock by name", key_role::other,
       [](pattern_state& p) {
         p.counts.won = 1;
         p.counts.lost = 50;
         p.counts.compare_expires = 50;
       }},
      {"a rate limit", key_role::other, [](pattern_state& p) { p.counts.changes = 100; }},
      {"a counter that is read", key_role::other,
       [](pattern_state& p) {
         p.counts.changes = 100;
         p.counts.hits = 100;
         p.counts.stores = 1;
       }},
      {"a counter by NX and INCR", key_role::other,
       [](pattern_state& p) {
         p.counts.won = 3;
         p.counts.lost = 3;
         p.counts.removes = 3;
         p.counts.changes = 100;
       }},
      {"a queue", key_role::other, [](pattern_state& p) { p.counts.changes = 10; }},
      {"written and never read", key_role::other, [](pattern_state& p) { p.counts.stores = 9; }},
      {"an account that is locked out: looked for, set, and deleted by somebody", key_role::other,
       [](pattern_state& p) {
         p.lock_name = true;
         p.counts.stores = p.counts.removes = p.counts.exists = 5;
         p.plain_sets = 5;
         p.longest_value = 1;
       }},
      {"a list with the name of a lock", key_role::other,
       [](pattern_state& p) {
         p.lock_name = true;
         p.counts.won = p.counts.lost = p.counts.compare_removes = 5;
         p.counts.changes = 1;
       }},
      {"a cached list", key_role::other,
       [](pattern_state& p) {
         p.counts.hits = 90;
         p.counts.misses = p.counts.stores = p.loads = 10;
         p.counts.changes = 30;
       }},
      {"stored by a script that is not understood", key_role::other,
       [](pattern_state& p) {
         p.counts.hits = 90;
         p.counts.misses = p.counts.stores = p.loads = 10;
         p.counts.opaque = 10;
       }},
      {"told, whatever was done", key_role::ignored,
       [](pattern_state& p) {
         p.given_role = key_role::ignored;
         p.counts.hits = 90;
         p.counts.misses = p.counts.stores = p.loads = 10;
       }},
  });
}

/// A pattern of keys that are looked for and set without a load.
void is_set(pattern_state& p) {
  p.counts.hits = 20;
  p.counts.misses = p.counts.stores = p.loads = p.value_stores = p.small_stores = 5;
  p.stored_different = 1;
  p.longest_value = 1;
  for (int i = 0; i < 5; ++i) p.load_times.add(std::chrono::milliseconds{1});
}

TEST(audit_roles, MarksAreSmallAndNotLoaded) {
  expect_roles({
      {"a throttle: one small value, set at once", key_role::mark, is_set},
      {"a cached answer that is one of two, loaded for 60 ms", key_role::value,
       [](pattern_state& p) {
         is_set(p);
         for (int i = 0; i < 50; ++i) p.load_times.add(std::chrono::milliseconds{60});
       }},
      {"one small value that nobody was seen to load", key_role::value,
       [](pattern_state& p) {
         is_set(p);
         p.load_times = {};
       }},
      {"small values that all differ", key_role::value,
       [](pattern_state& p) {
         is_set(p);
         p.stored_different = 4;
       }},
      {"a few small ones among large values", key_role::value,
       [](pattern_state& p) {
         is_set(p);
         p.value_stores = 8;
         p.longest_value = 700;
       }},
  });
  pattern_state alive = pattern("env:*:alive", is_set);
  alive.stored_different = 4;
  EXPECT_EQ(role_so_far(alive), key_role::mark) << "the time at which it was set";
  alive.text = "env:*:price";
  EXPECT_EQ(role_so_far(alive), key_role::value);
}

TEST(audit_roles, NamesOfWhatDescribesAnother) {
  EXPECT_EQ(described_by("user:*:expires"), "user:*");
  EXPECT_EQ(described_by("user:*.ttl_ver"), "user:*.ttl");
  EXPECT_EQ(described_by("user:*"), "");
  EXPECT_EQ(described_by("exp"), "");
  EXPECT_EQ(described_by(":exp"), "");
  EXPECT_EQ(described_by("webmeta"), "") << "a suffix follows a separator";
}

std::deque<pattern_state> settled(std::deque<pattern_state> all) {
  for (std::size_t i = 0; i < all.size(); ++i) all[i].index = static_cast<std::uint32_t>(i);
  settle_roles(all);
  return all;
}

void is_cached(pattern_state& p) {
  p.counts.hits = 90;
  p.counts.misses = p.counts.stores = p.loads = 10;
}
void is_locked(pattern_state& p) {
  p.lock_name = true;
  p.counts.won = p.counts.compare_removes = 5;
}

TEST(audit_roles, MetadataNeedsAKeyThatItDescribes) {
  const auto all = settled({pattern("user:*:ts", is_cached), pattern("user:*", is_cached),
                            pattern("page:*:ts", is_cached)});
  EXPECT_EQ(all[0].role, key_role::meta);
  EXPECT_EQ(all[0].describes, 1U);
  EXPECT_EQ(all[1].role, key_role::value);
  EXPECT_EQ(all[2].role, key_role::value) << "there is no page:*";
}

TEST(audit_roles, ALockGuardsWhatItsTenuresShowElseWhatItsNameSays) {
  pattern_state lock = pattern("lock:a", is_locked);
  lock.votes = {{1, 1}, {2, 5}};
  auto all = settled({lock, pattern("a:*", is_cached), pattern("b:*", is_cached)});
  EXPECT_EQ(all[0].paired, 2U);
  EXPECT_EQ(all[2].paired, 0U);
  EXPECT_FALSE(all[1].paired);
  all = settled(
      {pattern("lock:a:*", is_locked), pattern("b:*", is_cached), pattern("a:*", is_cached)});
  EXPECT_EQ(all[0].paired, 2U);
  all = settled({pattern("lock:x:*", is_locked), pattern("b:*", is_cached)});
  EXPECT_FALSE(all[0].paired) << "neither a hold nor a name links them";
}

TEST(audit_roles, LinesHaveLocksAndValuesFirstAndNoEmptyPattern) {
  auto all = settled({pattern("n", [](pattern_state& p) { p.counts.changes = 1; }),
                      pattern("lock:a:*", is_locked), pattern("a:*", is_cached),
                      pattern("gone", [](pattern_state& p) { p.keys = 0; })});
  const std::vector<role_line> lines = role_lines(all);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].pattern, "a:*");
  EXPECT_EQ(lines[0].paired, "lock:a:*");
  EXPECT_EQ(lines[1].pattern, "lock:a:*");
  EXPECT_EQ(lines[2].pattern, "n");
}

}  // namespace
}  // namespace drover::audit::roles_test
