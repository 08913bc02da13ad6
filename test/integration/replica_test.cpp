// SPDX-License-Identifier: MIT
// The server has become a replica: the client looks for another server, and until it finds one
// nothing is fresh.
#include "integration/fleet.hpp"
#include "support/reply_proxy.hpp"

namespace drover::test::replica_test {
namespace {

class replica : public fleet {
 protected:
  replica() {
    setup.url = address.url();
    setup.policy.failure_pause_max = 0ms;
  }
  static void follow(const redis_server& follower, std::uint16_t leader) {
    follower.command({"REPLICAOF", "127.0.0.1", std::to_string(leader)});
  }
  static void lead(const redis_server& server) { server.command({"REPLICAOF", "NO", "ONE"}); }
  [[nodiscard]] static bool is_in_step(const redis_server& follower) {
    const resp::message info = follower.command({"INFO", "replication"});
    return info.root().text().find("master_link_status:up") != std::string_view::npos;
  }

  /// The port of the leader. Nobody listens there, so the replica keeps its data and waits.
  static constexpr std::uint16_t nobodys_port = 1;

  redis_server first{{.tcp = true, .arguments = {"--repl-diskless-sync-delay", "0"}}};
  redis_server second{{.tcp = true, .arguments = {"--repl-diskless-sync-delay", "0"}}};
  reply_proxy address{first};
};

TEST_F(replica, LeadsToANewConnectionAndTheRefusedInvalidationIsRepeated) {
  cached_origin cached{origin, setup};
  static_cast<void>(cached.ask("a"));
  follow(second, first.port());
  ASSERT_TRUE(eventually([&] { return is_in_step(second); }));
  lead(second);
  follow(first, second.port());
  address.lead_to(second);

  origin.write("a");
  EXPECT_FALSE(cached.values.invalidate("a").has_value());
  EXPECT_EQ(cached.ask("a").value, "1:a");
  unsigned keys = 0;
  EXPECT_TRUE(eventually([&] { return cached.ask("n" + std::to_string(++keys)).how == "loaded"; }));
  EXPECT_GE(address.accepted(), 2U);
  cached_origin elsewhere{origin, setup};
  EXPECT_TRUE(eventually([&] { return elsewhere.ask("a").value == "1:a"; }));
  EXPECT_EQ(cached.ask("a").value, "1:a");
}

TEST_F(replica, IsNotTrustedForFreshValuesForAsLongAsItIsOne) {
  setup.policy.grace = 1h;
  cached_origin cached{origin, setup};
  static_cast<void>(cached.ask("a"));
  EXPECT_EQ(cached.ask("a").how, "fresh");
  follow(first, nobodys_port);
  unsigned keys = 0;
  const auto ask_new = [&] { return cached.ask("n" + std::to_string(++keys)); };
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(ask_new());
    return cached.redis.availability().state == availability::refused;
  }));
  EXPECT_NE(cached.redis.availability().reason.find("replica"), std::string::npos);
  EXPECT_FALSE(cached.redis.is_available());
  EXPECT_TRUE(eventually([&] { return cached.log->count(event_kind::connection_refused) == 1; }));
  for (int i = 0; i < 20; ++i) {
    EXPECT_NE(cached.ask("a").how, "fresh");
    EXPECT_EQ(ask_new().how, "bypassed");
  }
  EXPECT_EQ(cached.log->count(event_kind::connection_refused), 1U) << "once a minute at most";
  lead(first);
  EXPECT_TRUE(eventually([&] { return ask_new().how == "loaded"; }));
  EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  EXPECT_EQ(cached.redis.availability().state, availability::available);
}

TEST_F(replica, ThatAProcessMeetsFirstIsNotTrustedEither) {
  follow(second, first.port());
  cached_origin leader{origin, setup};
  static_cast<void>(leader.ask("a"));
  ASSERT_TRUE(eventually([&] {
    return !second.command({"GET", value_key("a")}).root().is_null();
  }));
  setup.url = second.url();
  cached_origin cached{origin, setup};
  for (int i = 0; i < 5; ++i) {
    const answer got = cached.ask("a");
    EXPECT_EQ(got.how, "bypassed");
    EXPECT_EQ(got.value, "0:a");
  }
}

}  // namespace
}  // namespace drover::test::replica_test
