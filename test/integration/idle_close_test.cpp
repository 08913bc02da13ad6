// SPDX-License-Identifier: MIT
// The server, or a proxy, closes idle connections: the next call connects again, and no call
// bypasses Redis.
#include "integration/gated_loads.hpp"
#include "support/reply_proxy.hpp"

namespace drover::test {
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

// Each new connection is closed before it was used. The next call waits for a connection, but for
// no back-off. A back-off is longer than `connect_max` here, so each of the attempts would end in a
// bypass; a busy machine may make one of them late, but not all.
TEST_F(idle_close, RightAfterConnectingIsNoEvidenceAgainstTheServer) {
  in_child([&] {
    reply_proxy proxy{server};
    client_options with = setup.client();
    with.url = proxy.url();
    with.connect_max = 500ms;
    cached_origin cached{origin, {.name = "t", .policy = setup.policy}, with};
    static_cast<void>(cached.ask("a"));
    const auto connections = [&] { return cached.log->count(event_kind::connection_up); };
    std::string how;
    for (int attempt = 0; attempt < 4 && how != "fresh"; ++attempt) {
      for (unsigned closed = 0; closed < 8; ++closed) {
        const std::uint64_t before = connections();
        ASSERT_TRUE(eventually([&] { return proxy.close_idle() > 0; }));
        if (!eventually([&] { return connections() > before; }, 2s)) break;  // not by itself
      }
      ASSERT_TRUE(eventually([&] { return proxy.close_idle() > 0; }));
      how = cached.ask("a").how;
    }
    EXPECT_EQ(how, "fresh");
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
}  // namespace drover::test
