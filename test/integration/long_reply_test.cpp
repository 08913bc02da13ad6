// SPDX-License-Identifier: MIT
// Replies that are too long or too slow: only their own call fails, and it ends.
#include "integration/gated_loads.hpp"
#include "support/reply_proxy.hpp"

namespace drover::test::long_reply_test {
namespace {

class long_reply : public fleet {
 protected:
  [[nodiscard]] cache_options options() const { return {.name = "t", .policy = setup.policy}; }
};

TEST_F(long_reply, OverTheBoundCostsNoConnection) {
  in_child([&] {
    client roomy{setup.client()};
    text_cache writer{roomy, options(), [](std::string_view) { return std::string(200'000, 'x'); }};
    static_cast<void>(writer.get("large"));
    client_options narrow = setup.client();
    narrow.reply_max = 100'000;
    narrow.value_max = 50'000;
    cached_origin cached{origin, options(), narrow};
    static_cast<void>(cached.ask("a"));
    crowd bystanders{4, [&](unsigned) {
                       answer last;
                       for (int i = 0; i < 20; ++i) {
                         last = cached.ask("a");
                         EXPECT_EQ(last.how, "fresh");
                       }
                       return last;
                     }};
    bystanders.go();
    for (int i = 0; i < 5; ++i) EXPECT_EQ(cached.ask("large").value, "0:large");
    EXPECT_EQ(bystanders.result().count("fresh"), 4U);
    EXPECT_EQ(cached.log->count(event_kind::connection_up), 1U);
    EXPECT_EQ(cached.log->count(event_kind::connection_down), 0U);
  });
}

// The whole reply would take more than 40 s.
TEST_F(long_reply, ThatComesAByteAtATimeEnds) {
  setup.patience = 400ms;
  const std::string key(150, 'k');
  in_child(
      [&] {
        reply_proxy proxy{server};
        setup.url = proxy.url();
        cached_origin cached{origin, setup};
        static_cast<void>(cached.ask(key));
        proxy.add({.command = "GET", .does = deed::trickle, .interval = 200ms});
        EXPECT_EQ(cached.ask(key).value, "0:" + key);
        EXPECT_EQ(proxy.applied(), 1U);
        EXPECT_TRUE(eventually([&] { return cached.ask(key).how == "fresh"; }));
      },
      30s);
}

TEST_F(long_reply, ThatPushesStandInForEnds) {
  setup.patience = 1500ms;
  in_child([&] {
    reply_proxy proxy{server};
    setup.url = proxy.url();
    cached_origin cached{origin, setup};
    static_cast<void>(cached.ask("a"));
    proxy.push_every(20ms, ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nz\r\n");
    EXPECT_EQ(cached.ask("a").how, "fresh") << "pushes hinder nobody";
    proxy.add({.command = "GET", .does = deed::hold});
    EXPECT_EQ(cached.ask("a").value, "0:a");
    EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  });
}

TEST_F(long_reply, OfAFrozenServerEndsAndTheServersReturnIsNoticed) {
  setup.patience = 400ms;
  in_child([&] {
    reply_proxy proxy{server};
    setup.url = proxy.url();
    cached_origin cached{origin, setup};
    static_cast<void>(cached.ask("a"));
    proxy.hold(true);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(cached.ask("a").value, "0:a");
    proxy.hold(false);
    EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  });
}

}  // namespace
}  // namespace drover::test::long_reply_test
