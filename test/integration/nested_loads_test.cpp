// SPDX-License-Identifier: MIT
// Loaders that ask a cache themselves: every call ends, even when all threads and turns are taken.
#include <memory>

#include "integration/gated_loads.hpp"

namespace drover::test::nested_loads_test {
namespace {

using nested_loads = fleet;

/// A cache in which the load of each key but "parent" passes a gate and then asks for "parent".
struct family {
  family(const client& redis, const policy& with)
      : tree{redis, {.name = "t", .policy = with}, [this](std::string_view key) {
               if (key == "parent") return std::string{key};
               if (is_gated) children.pass();
               return *tree.get("parent") + "/" + std::string{key};
             }} {}

  gate children;
  std::atomic<bool> is_gated{true};
  text_cache tree;
};

// The parent's refresh has begun and waits for a thread, and the old value has ended by then.
TEST_F(nested_loads, OfRefreshesThatFillThePoolGetAParentWhoseRefreshIsQueuedBehindThem) {
  setup.policy.grace = 1h;
  setup.policy.load_max = 1h;  // or a wait for the pool would end at load_max
  in_child([&] {
    client redis{setup.client()};
    family family_of{redis, setup.policy};
    text_cache& tree = family_of.tree;
    gate& children = family_of.children;
    family_of.is_gated = false;
    const std::vector<std::string> keys{"a", "b", "c", "d"};
    for (const std::string& key : keys) static_cast<void>(tree.get(key));
    family_of.is_gated = true;
    for (const std::string& key : keys) EXPECT_TRUE(tree.expire(key).has_value());
    for (const std::string& key : keys) EXPECT_EQ(ask(tree, key).how, "stale");
    ASSERT_TRUE(eventually([&] { return children.reached() == 4; }));
    EXPECT_TRUE(tree.expire("parent").has_value());
    EXPECT_EQ(ask(tree, "parent").how, "stale");
    const std::string mark = entry::key_space{setup.name, 1}.refresh_mark_key("parent");
    static_cast<void>(eventually(
        [&] {
          return server.command({"EXISTS", mark}).root().integer() == 1;
        },
        1s));
    server.command({"UNLINK", value_key("parent")});
    children.open();
    EXPECT_EQ(ask(tree, "parent").value, "parent");
    for (const std::string& key : keys) {
      EXPECT_TRUE(eventually([&] { return ask(tree, key).how == "fresh"; })) << key;
    }
  });
}

TEST_F(nested_loads, OfStaleChildrenGetAStaleParent) {
  setup.policy.grace = 1h;
  in_child([&] {
    client redis{setup.client()};
    std::atomic<int> parent_loads{0};
    text_cache* self = nullptr;
    text_cache tree{redis, {.name = "t", .policy = setup.policy}, [&](std::string_view key) {
                      if (key == "parent") return std::to_string(++parent_loads);
                      return *self->get("parent") + "/" + std::string{key};
                    }};
    self = &tree;
    const std::vector<std::string> keys{"a", "b", "c", "d", "e", "f", "g", "h", "parent"};
    for (const std::string& key : keys) static_cast<void>(tree.get(key));
    for (int round = 0; round < 10; ++round) {
      for (const std::string& key : keys) EXPECT_TRUE(tree.expire(key).has_value());
      for (const std::string& key : keys) EXPECT_NE(ask(tree, key).value, "") << key;
      for (const std::string& key : keys) {
        EXPECT_TRUE(eventually([&] { return ask(tree, key).how == "fresh"; })) << key;
      }
    }
  });
}

TEST_F(nested_loads, OfCallersWithDeadlinesGetASecondCacheThatOthersAskWithDeadlines) {
  in_child([&] {
    client redis{setup.client()};
    gate outer_loads;
    text_cache inner{redis, {.name = "inner", .policy = setup.policy}, own_key};
    text_cache outer{redis, {.name = "outer", .policy = setup.policy}, [&](std::string_view key) {
                       outer_loads.pass();
                       return "outer of " + *inner.get(key);
                     }};
    const auto key_of = [](unsigned i) { return std::to_string(i); };
    crowd outside{4, [&](unsigned i) { return ask(outer, key_of(i), in_good_time()); }};
    outside.go();
    ASSERT_TRUE(eventually([&] { return outer_loads.reached() == 4; }));
    crowd inside{4, [&](unsigned i) { return ask(inner, key_of(i), in_good_time()); }};
    inside.go();
    ASSERT_TRUE(eventually([&] { return inner.stats().misses == 4; }));
    outer_loads.open();
    const tally all = outside.result();
    for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(all.got("outer of " + key_of(i)), 1U) << all.line();
    EXPECT_EQ(inside.result().total(), 4U);
  });
}

TEST_F(nested_loads, OfCallersWithDeadlinesGetKeysThatTwoHundredRefreshesQueueFor) {
  in_child([&] {
    client redis{setup.client()};
    text_cache* self = nullptr;
    text_cache tree{redis, {.name = "t", .policy = setup.policy}, [&](std::string_view key) {
                      if (key.starts_with("leaf")) return *self->get(key.substr(4));
                      return std::string{key};
                    }};
    self = &tree;
    constexpr unsigned refreshed = 200;
    for (unsigned i = 0; i < refreshed; ++i) tree.refresh(std::to_string(i));
    crowd callers{32, [&](unsigned i) {
                    return ask(tree, "leaf" + std::to_string(refreshed - 1 - i), in_good_time());
                  }};
    const tally all = callers.result();
    for (unsigned i = 0; i < 32; ++i) {
      EXPECT_EQ(all.got(std::to_string(refreshed - 1 - i)), 1U) << all.line();
    }
  });
}

TEST_F(nested_loads, OfChildrenThatHoldAllTurnsGetTheirParentWhileRedisIsAway) {
  setup.policy.load_max = 10min;  // the end of the children's loads must not free the turns
  in_child([&] {
    client redis{nobodys_url};
    family family_of{redis, setup.policy};
    text_cache& tree = family_of.tree;
    gate& children = family_of.children;
    const unsigned turns = setup.policy.bypass_max;
    crowd callers{turns, [&](unsigned i) { return ask(tree, std::to_string(i)); }};
    callers.go();
    ASSERT_TRUE(eventually([&] { return children.reached() == turns; }));
    crowd outsider{1, [&](unsigned) { return ask(tree, "parent"); }};
    outsider.go();
    ASSERT_TRUE(eventually([&] { return tree.stats().misses == turns + 1; }));
    children.open();
    const tally all = callers.result();
    for (unsigned i = 0; i < turns; ++i) EXPECT_EQ(all.got("parent/" + std::to_string(i)), 1U);
    EXPECT_EQ(outsider.result().got("parent"), 1U);
  });
}

// The children join while the parent's flight waits for a holder in another process. The flight
// needs a turn only later.
TEST_F(nested_loads, OfChildrenThatHoldAllTurnsGetAParentThatWasWaitedForWhenRedisWentAway) {
  setup.policy.bypass_max = 2;
  in_child([&] {
    client_options impatient = setup.client();
    impatient.connect_max = 300ms;
    impatient.silence_max = 300ms;
    client redis{impatient};
    client elsewhere{setup.client()};
    gate held;
    family family_of{redis, setup.policy};
    text_cache& tree = family_of.tree;
    gate& children = family_of.children;
    text_cache other{elsewhere, {.name = "t", .policy = setup.policy}, [&](std::string_view) {
                       held.pass();
                       return std::string{"parent"};
                     }};
    server.pause();
    crowd callers{2, [&](unsigned i) { return ask(tree, std::to_string(i)); }};
    callers.go();
    ASSERT_TRUE(eventually([&] { return children.reached() == 2; }));
    server.resume();
    crowd holder{1, [&](unsigned) { return ask(other, "parent"); }};
    holder.go();
    ASSERT_TRUE(eventually([&] { return held.reached() == 1; }));
    ASSERT_TRUE(eventually([&] { return redis.is_available(); }));
    crowd outsider{1, [&](unsigned) { return ask(tree, "parent"); }};
    outsider.go();
    ASSERT_TRUE(eventually([&] { return tree.stats().misses == 3; }));
    children.open();
    ASSERT_TRUE(eventually([&] { return tree.stats().misses == 5; }));
    server.pause();
    EXPECT_TRUE(eventually([&] { return callers.done() == 2; }, 10s));
    held.open();
    server.resume();
    const tally all = callers.result();
    for (unsigned i = 0; i < 2; ++i) EXPECT_EQ(all.got("parent/" + std::to_string(i)), 1U);
    EXPECT_EQ(outsider.result().got("parent"), 1U);
    EXPECT_EQ(holder.result().got("parent"), 1U);
  });
}

// The loader of a user asks for its organisation, and the loader of the organisation asks for its
// owner, a user.
TEST_F(nested_loads, ThatGoThroughTwoCachesAndBackEndWhileRedisIsAway) {
  setup.policy.bypass_max = 2;
  in_child([&] {
    client redis{nobodys_url};
    gate users_begun;
    text_cache* users = nullptr;
    text_cache organisations{
        redis, {.name = "organisations", .policy = setup.policy}, [&](std::string_view key) {
          return std::string{key} + " of " + *users->get("owner");
        }};
    text_cache all_users{
        redis, {.name = "users", .policy = setup.policy}, [&](std::string_view key) {
          if (key == "owner") return std::string{key};
          users_begun.pass();
          return std::string{key} + " in " + *organisations.get(key);
        }};
    users = &all_users;
    crowd callers{6, [&](unsigned i) { return ask(all_users, std::to_string(i)); }};
    callers.go();
    ASSERT_TRUE(eventually([&] { return users_begun.reached() == 2; }));
    crowd outsider{1, [&](unsigned) { return ask(all_users, "owner"); }};
    outsider.go();
    ASSERT_TRUE(eventually([&] { return all_users.stats().misses == 7; }));
    users_begun.open();
    const tally all = callers.result();
    for (unsigned i = 0; i < 6; ++i) {
      const std::string key = std::to_string(i);
      EXPECT_EQ(all.got(key + " in " + key + " of owner"), 1U) << all.line();
    }
  });
}

TEST_F(nested_loads, ThatHangGiveTheirTurnBackWhenLoadMaxHasPassed) {
  setup.policy.bypass_max = 1;
  setup.policy.lease_ttl = 100ms;
  setup.policy.load_max = 200ms;
  in_child([&] {
    client redis{nobodys_url};
    gate hung;
    text_cache cached{redis, {.name = "t", .policy = setup.policy}, own_key_behind(hung, "hung")};
    crowd unlucky{1, [&](unsigned) { return ask(cached, "hung"); }};
    unlucky.go();
    ASSERT_TRUE(eventually([&] { return hung.reached() == 1; }));
    EXPECT_EQ(ask(cached, "other").value, "other") << "while the first one still hangs";
    hung.open();
    EXPECT_EQ(unlucky.result().total(), 1U);
  });
}

}  // namespace
}  // namespace drover::test::nested_loads_test
