// SPDX-License-Identifier: MIT
// A reply is lost, doubled or damaged on its way: the client detects it, and no other reply is
// affected.
#include "integration/gated_loads.hpp"
#include "support/reply_proxy.hpp"

namespace drover::test::lost_reply_test {
namespace {

class lost_reply : public fleet {
 protected:
  lost_reply() { setup.patience = 500ms; }
  static constexpr unsigned keys = 10;

  /// True when every key is fresh three times in a row and has its own value.
  static bool all_fresh(cached_origin& cached) {
    for (unsigned i = 0; i < 3 * keys; ++i) {
      const std::string key = std::to_string(i % keys);
      const answer got = cached.ask(key);
      EXPECT_EQ(got.value, "0:" + key);
      if (got.how != "fresh") return false;
    }
    return true;
  }
  /// Applies the rule to one reply while readers never pause, so that the connection is never
  /// silent.
  void damage(const reply_rule& rule) {
    in_child([&] {
      reply_proxy proxy{server};
      cache_setup behind = setup;
      behind.url = proxy.url();
      cached_origin cached{origin, behind};
      for (unsigned i = 0; i < keys; ++i) static_cast<void>(cached.ask(std::to_string(i)));
      std::atomic<bool> ends{false};
      crowd readers{4, [&](unsigned) {
                      for (unsigned i = 0; !ends; ++i) {
                        const std::string key = std::to_string(i % keys);
                        EXPECT_EQ(cached.ask(key).value, "0:" + key);
                      }
                      return answer{};
                    }};
      readers.go();
      proxy.add(rule);
      ASSERT_TRUE(eventually([&] { return proxy.applied() == 1; }));
      EXPECT_TRUE(eventually([&] { return all_fresh(cached); }, 10s));
      EXPECT_TRUE(eventually([&] { return cached.values.invalidate("0").has_value(); }, 10s));
      cached_origin healthy{origin, setup};
      EXPECT_TRUE(eventually([&] { return all_fresh(healthy); }, 10s)) << "a lease was left behind";
      ends = true;
      EXPECT_EQ(readers.result().total(), 4U);
    });
  }
};

TEST_F(lost_reply, OfAGetIsNoticed) { damage({.command = "GET"}); }

TEST_F(lost_reply, ThatIsADoubleIsNoticed) { damage({.command = "GET", .does = deed::duplicate}); }

TEST_F(lost_reply, OfAnotherShapeIsOneReply) {
  damage({.command = "GET", .does = deed::replace, .bytes = ":1\r\n"});
}

TEST_F(lost_reply, CutInItsMiddleIsOneConnection) { damage({.command = "GET", .does = deed::cut}); }

TEST_F(lost_reply, OfAnInvalidationIsNoAcknowledgementOfTheNext) {
  in_child([&] {
    reply_proxy proxy{server};
    cache_setup behind = setup;
    behind.url = proxy.url();
    cached_origin cached{origin, behind};
    static_cast<void>(cached.ask("a"));
    proxy.add({.command = "UNLINK", .does = deed::duplicate});
    static_cast<void>(cached.values.invalidate("a"));
    server.pause();
    EXPECT_FALSE(cached.values.invalidate("a").has_value()) << "the server cannot have heard it";
    server.resume();
    EXPECT_TRUE(eventually([&] { return cached.values.invalidate("a").has_value(); }));
  });
  server.resume();
}

TEST_F(lost_reply, OfALeaseLeavesNoLeaseBehind) {
  use_long_leases();
  const std::vector<reply_rule> rules{
      {.command = "lease", .does = deed::replace, .bytes = "*1\r\n:9\r\n"},
      {.command = "lease", .does = deed::replace, .bytes = "+OK\r\n"},
      {.command = "lease", .does = deed::drop}};
  for (std::size_t i = 0; i < rules.size(); ++i) {
    in_child([&] {
      reply_proxy proxy{server};
      cache_setup behind = setup;
      behind.url = proxy.url();
      cached_origin cached{origin, behind};
      static_cast<void>(cached.ask("warm"));
      proxy.add(rules[i]);
      const std::string key = "key" + std::to_string(i);
      EXPECT_EQ(cached.ask(key).value, "0:" + key);
      EXPECT_EQ(proxy.applied(), 1U);
      cached_origin healthy{origin, setup};
      EXPECT_EQ(healthy.ask(key).value, "0:" + key);
    });
  }
}

TEST_F(lost_reply, IsNotBlamedForAForeignEntry) {
  in_child([&] {
    cached_origin cached{origin, setup};
    static_cast<void>(cached.ask("a"));
    static_cast<void>(cached.ask("b"));
    const std::string foreign = value_key("b");
    server.command({"COPY", value_key("a"), foreign, "REPLACE"});
    const answer got = cached.ask("b");
    EXPECT_EQ(got.value, "0:b");
    EXPECT_EQ(got.how, "loaded");
    EXPECT_EQ(cached.ask("b").how, "fresh") << "it was replaced";
    EXPECT_EQ(cached.log->count(event_kind::connection_up), 1U);
    EXPECT_EQ(cached.log->count(event_kind::connection_down), 0U);
  });
}

}  // namespace
}  // namespace drover::test::lost_reply_test
