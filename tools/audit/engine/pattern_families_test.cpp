// SPDX-License-Identifier: MIT
#include "audit/engine/pattern_families.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "audit/engine/finding_groups.hpp"
#include "audit/engine/key_segments.hpp"
#include "audit/engine/key_table.hpp"

namespace drover::audit::pattern_families_test {
namespace {

const std::vector<std::string> slugs{"red-shoes",  "blue-hat",  "old-map",   "new-lamp",
                                     "tall-chair", "wet-paint", "dry-bread", "big-drum",
                                     "soft-ball",  "low-table", "long-coat", "hot-tea"};
const std::vector<std::string> names{"ann",  "bob",  "carol", "dave", "erin", "frank", "grace",
                                     "hank", "ivan", "judy",  "kim",  "lena", "mia",   "nora"};

/// A table whose keys are stored with values of that size after they were missed.
struct table {
  settings options;
  key_table keys{options, [](key_state&) {}};

  key_state& store(const std::string& name, std::uint64_t bytes = 400) {
    key_state& key = keys.touch(0, name);
    ++key.pattern->counts.misses;
    ++key.pattern->counts.stores;
    ++key.pattern->loads;
    ++key.pattern->value_stores;
    if (bytes <= mark_bytes_max) ++key.pattern->small_stores;
    key.pattern->longest_value = std::max(key.pattern->longest_value, bytes);
    ++key.counts.stores;
    keys.review(*key.pattern);
    return key;
  }
  std::string pattern_of(const std::string& name) { return keys.touch(0, name).pattern->text; }
};

TEST(audit_pattern_families, ManySiblingsAreOnePatternWhateverTheirIdsLookLike) {
  const std::map<std::string, std::vector<std::string>> kinds{
      {"slugs", slugs},
      {"names", names},
      {"hex", {"a3f", "b04c", "beef", "0c1d", "d2", "face", "e7a1", "f00d", "1ab", "c3c"}},
      {"mail",
       {"ann@x.org", "bob@x.org", "c@y.net", "d@y.net", "e@z.org", "f@a.b", "g@b.c", "h@c.d",
        "i@d.e"}},
  };
  for (const auto& [kind, ids] : kinds) {
    table world;
    for (const std::string& id : ids) world.store("page:" + id + ":html");
    EXPECT_EQ(world.pattern_of("page:" + ids.front() + ":html"), "page:*:html") << kind;
    EXPECT_EQ(world.pattern_of("page:" + ids.back() + ":html"), "page:*:html") << kind;
    EXPECT_EQ(world.pattern_of("page:another-one:html"), "page:*:html") << kind;
    EXPECT_EQ(world.pattern_of("page:another-one:css"), "page:another-one:css") << kind;
    const pattern_state& whole = *world.keys.touch(0, "page:" + ids[0] + ":html").pattern;
    EXPECT_EQ(whole.counts.stores, ids.size()) << kind << ": the counts of all are kept";
    EXPECT_EQ(whole.keys, ids.size() + 1) << kind;
  }
}

TEST(audit_pattern_families, FewSiblingsStayApart) {
  table world;
  for (std::size_t i = 0; i < 7; ++i) world.store("page:" + slugs[i]);
  for (std::size_t i = 0; i < 11; ++i) world.store("user:" + names[i]);
  EXPECT_EQ(world.pattern_of("page:" + slugs[0]), "page:" + slugs[0]);
  EXPECT_EQ(world.pattern_of("user:" + names[0]), "user:" + names[0]);
}

TEST(audit_pattern_families, KindsOfKeysBesideAnIdStayApart) {
  table world;
  for (const std::string& name : names) world.store("shop:" + name + ":7");
  EXPECT_EQ(world.pattern_of("shop:ann:8"), "shop:ann:*");
  for (const std::string& name : names) world.store(name + ":7");
  EXPECT_EQ(world.pattern_of("ann:8"), "ann:*");
}

TEST(audit_pattern_families, LocksMetadataAndFlagsStayApart) {
  table world;
  for (const std::string& slug : slugs) world.store("page:" + slug);
  for (const char* const name : {"page:lock", "page:etag", "page:banned", "page:v2"}) {
    EXPECT_EQ(world.pattern_of(name), name);
  }
  for (const std::string& slug : slugs) {
    world.store("page:" + slug + ":lock").pattern->counts.lost += 1;
  }
  EXPECT_EQ(world.pattern_of("page:red-shoes:lock"), "page:*:lock");
  EXPECT_TRUE(world.keys.touch(0, "page:red-shoes:lock").pattern->lock_name);
}

TEST(audit_pattern_families, KeysOfAnotherUseStayApart) {
  table world;
  key_state& counter = world.keys.touch(0, "page:hit-count");
  ++counter.pattern->counts.changes;
  for (const std::string& slug : slugs) world.store("page:" + slug);
  EXPECT_EQ(world.pattern_of("page:red-shoes"), "page:*");
  EXPECT_EQ(world.pattern_of("page:hit-count"), "page:hit-count");
  // One that shows its use later is taken out.
  key_state& late = world.keys.touch(0, "page:visit-count");
  EXPECT_EQ(late.pattern->text, "page:*");
  const std::uint64_t keys = late.pattern->keys;
  pattern_state& family = *late.pattern;
  world.keys.separate(late, key_use::counter);
  EXPECT_EQ(late.pattern->text, "page:visit-count");
  EXPECT_EQ(family.keys, keys - 1);
  EXPECT_EQ(world.pattern_of("page:visit-count"), "page:visit-count");
}

TEST(audit_pattern_families, AForgottenKeyReturnsToItsFamily) {
  table world;
  world.options.keys_max = 4;
  for (const std::string& slug : slugs) world.store("page:" + slug);
  EXPECT_EQ(world.pattern_of("page:red-shoes"), "page:*");
}

TEST(audit_pattern_families, RolesThatAreToldAreNoFamily) {
  table world;
  world.options.roles = {{"page:*", key_role::value}};
  for (const std::string& slug : slugs) world.store("page:" + slug);
  EXPECT_EQ(world.pattern_of("page:red-shoes"), "page:red-shoes");
}

TEST(audit_pattern_families, SplitsNamesAtTheirUsualSeparators) {
  const auto parts = [](std::string_view name) {
    const key_segments segments(name);
    std::vector<std::string> all;
    for (std::size_t i = 0; i < segments.count(); ++i) all.emplace_back(segments[i]);
    return all;
  };
  using list = std::vector<std::string>;
  EXPECT_EQ(parts("a:b-c:d"), (list{"a", "b-c", "d"}));
  EXPECT_EQ(parts("page:/blog//x?q=1"), (list{"page", "blog", "x", "q=1"}));
  EXPECT_EQ(parts("user:{ann}:x"), (list{"user", "ann", "x"}));
  EXPECT_EQ(parts("a.b-c.d"), (list{"a", "b-c", "d"}));
  EXPECT_EQ(parts("post-my-first-one"), (list{"post", "my-first-one"}));
  EXPECT_EQ(parts(""), list{});
  EXPECT_EQ(parts(":::"), list{});
  EXPECT_EQ(key_segments("user:{ann}:x").starred(1), "user:{*}:x");
}

finding found(const std::string& rule, const std::string& pattern, std::uint64_t count) {
  finding result;
  result.rule = rule;
  result.pattern = pattern;
  result.count = result.opportunities = count;
  result.keys = {pattern};
  result.message = "Bad.";
  result.evidence_list.resize(1);
  return result;
}

TEST(audit_finding_groups, EqualFindingsOfSimilarPatternsBecomeOne) {
  std::vector<finding> findings{found("C101", "page:news", 2), found("C101", "page:offers", 5),
                                found("C101", "page:start", 1), found("C301", "page:news", 1),
                                found("C101", "user:*", 3)};
  group_findings(findings);
  ASSERT_EQ(findings.size(), 3U);
  const auto whole = std::find_if(findings.begin(), findings.end(),
                                  [](const finding& f) { return f.pattern == "page:*"; });
  ASSERT_NE(whole, findings.end());
  EXPECT_EQ(whole->rule, "C101");
  EXPECT_EQ(whole->count, 8U);
  EXPECT_EQ(whole->keys, (std::vector<std::string>{"page:offers", "page:news", "page:start"}));
  EXPECT_EQ(whole->evidence_list.size(), 3U);
  EXPECT_NE(whole->message.find("3 similar"), std::string::npos) << whole->message;
}

TEST(audit_finding_groups, DifferentFindingsStay) {
  std::vector<finding> findings{found("C101", "page:news", 2), found("C101", "page:offers", 5),
                                found("C101", "shop:user:*", 2), found("C101", "shop:cart:*", 2),
                                found("C101", "shop:item:*", 2)};
  findings.push_back(found("C101", "page:start", 1));
  findings.back().severity = severity::info;
  group_findings(findings);
  EXPECT_EQ(findings.size(), 6U);
}

}  // namespace
}  // namespace drover::audit::pattern_families_test
