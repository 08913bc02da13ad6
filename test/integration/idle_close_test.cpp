// SPDX-License-Identifier: MIT
// The server, or a proxy, closes idle connections: the next call connects again, and no call
// bypasses Redis.
#include "integration/gated_loads.hpp"
#include "support/reply_proxy.hpp"

namespace drover::test::idle_close_test {
namespace {

using idle_close = fleet;

TEST_F(idle_close, ManyTimesInARowCostsNoCallItsFreshValue) {
  in_child([&] {
    reply_proxy proxy{server};
    setup.url = proxy.url();
    cached_origin cached{origin, setup};
    static_cast<void>(cached.ask("a"));
    for (std::uint64_t i = 1; i <= 8; ++i) {
      ASSERT_TRUE(eventually([&] { return proxy.close_idle() > 0; }));
      ASSERT_TRUE(eventually([&] { return cached.log->count(event_kind::connection_down) == i; }));
      EXPECT_EQ(cached.ask("a").how, "fresh") << i;
      EXPECT_EQ(cached.ask("new" + std::to_string(i)).how, "loaded") << i;
    }
    EXPECT_EQ(cached.values.stats().bypasses, 0U);
  });
}

// Each new connection is closed before it is used. The call then waits for a connection, but not
// for a back-off. Half a second is hundreds of times as long as that takes.
TEST_F(idle_close, RightAfterConnectingIsNoEvidenceAgainstTheServer) {
  in_child([&] {
    reply_proxy proxy{server};
    client_options with = setup.client();
    with.url = proxy.url();
    with.connect_max = 500ms;
    cached_origin cached{origin, {.name = "t", .policy = setup.policy}, with};
    static_cast<void>(cached.ask("a"));
    const auto connections = [&] { return cached.log->count(event_kind::connection_up); };
    for (unsigned closed = 0; closed < 8; ++closed) {
      const std::uint64_t before = connections();
      ASSERT_TRUE(eventually([&] { return proxy.close_idle() > 0; }));
      // The client does not reconnect by itself.
      if (!eventually([&] { return connections() > before; }, 2s)) break;
    }
    ASSERT_TRUE(eventually([&] { return proxy.close_idle() > 0; }));
    EXPECT_EQ(cached.ask("a").how, "fresh");
    EXPECT_EQ(cached.values.stats().bypasses, 0U);
  });
}

TEST_F(idle_close, IsNoHindranceWhenNobodyHasNoticedIt) {
  in_child([&] {
    reply_proxy proxy{server};
    setup.url = proxy.url();
    cached_origin cached{origin, setup};
    static_cast<void>(cached.ask("a"));
    for (int i = 0; i < 8; ++i) {
      ASSERT_TRUE(eventually([&] { return proxy.close_idle() > 0; }));
      EXPECT_EQ(cached.ask("a").how, "fresh") << i;
    }
    EXPECT_EQ(cached.values.stats().bypasses, 0U);
  });
}

}  // namespace
}  // namespace drover::test::idle_close_test
