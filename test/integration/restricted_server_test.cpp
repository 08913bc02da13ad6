// SPDX-License-Identifier: MIT
// Servers and services that forbid something, as docs/reference/servers.md lists them. The effect
// of a single missing right is in permissions_test.cpp, and that of scripts in
// plain_leases_test.cpp.
#include "integration/fleet.hpp"

namespace drover::test::restricted_server_test {
namespace {

class restricted_server : public fleet {
 protected:
  redis_server& start(std::vector<std::string> arguments) {
    tested.emplace(redis_server::options{.tcp = false, .arguments = std::move(arguments)});
    setup.url = tested->url();
    return *tested;
  }

  std::optional<redis_server> tested;
};

// As Memorystore for Redis blocks it: no tracking, no list of the clients.
TEST_F(restricted_server, WithoutAnyClientCommandWakesWaitersByMessages) {
  start({"--rename-command", "CLIENT", ""});
  use_long_leases();
  auto first = start_worker();
  auto second = start_worker();
  origin.hold("a");
  first->start(2, "a");
  ASSERT_TRUE(loads_run("a"));
  second->start(5, "a");
  ASSERT_TRUE(eventually([&] {
    return tested->command({"PUBSUB", "NUMSUB", "t:1.1:w:{=a}"}).root()[1].integer() == 1;
  }));
  origin.let_go("a");
  EXPECT_EQ(first->result().got("0:a"), 2U);
  const tally all = second->result();
  EXPECT_EQ(all.got("0:a"), 5U) << all.line();
  EXPECT_EQ(all.count("bypassed"), 0U) << all.line();
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_EQ(second->events(event_kind::wake_by_channel), 1U);
  EXPECT_EQ(second->quit(), 0);
  EXPECT_EQ(first->quit(), 0);
}

// As a server without Lua: the commands themselves are unknown.
TEST_F(restricted_server, WithoutScriptCommandsLeasesByTransactions) {
  start({"--rename-command", "EVALSHA", "", "--rename-command", "SCRIPT", ""});
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "loaded");
  EXPECT_EQ(cached.ask("a").how, "fresh");
  EXPECT_EQ(cached.redis.availability().state, availability::available);
  EXPECT_GT(calls_of(*tested, "set"), 0U);
}

TEST_F(restricted_server, WithoutScriptLoadLeasesAllTheSame) {
  start({"--rename-command", "SCRIPT", ""});
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "loaded");
  EXPECT_EQ(cached.ask("a").how, "fresh");
  EXPECT_EQ(cached.redis.availability().state, availability::available);
}

TEST_F(restricted_server, WithoutHelloIsRefusedWithItsCause) {
  start({"--rename-command", "HELLO", ""});
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "bypassed");
  EXPECT_EQ(cached.redis.availability().state, availability::refused);
  const std::string reason_text = cached.redis.availability().reason;
  EXPECT_NE(reason_text.find("does not speak RESP3"), std::string::npos) << reason_text;
}

TEST_F(restricted_server, ThatClosesIdleConnectionsCostsNoCallItsFreshValue) {
  start({"--timeout", "1"});
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "loaded");
  for (std::uint64_t closed = 1; closed <= 2; ++closed) {
    ASSERT_TRUE(
        eventually([&] { return cached.log->count(event_kind::connection_down) >= closed; }));
    EXPECT_EQ(cached.ask("a").how, "fresh");
  }
  EXPECT_EQ(cached.redis.availability().state, availability::available);
}

// The first connection is that of the test.
TEST_F(restricted_server, WithTooManyClientsIsUsedAgainWhenOneHasLeft) {
  start({"--maxclients", "1"});
  std::optional<raw_client> other = tested->connect();
  ASSERT_EQ(other->command({"PING"}).text, "PONG");
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "bypassed");
  const std::string reason_text = cached.redis.availability().reason;
  EXPECT_NE(reason_text.find("max number of clients"), std::string::npos) << reason_text;
  other.reset();
  EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  EXPECT_EQ(cached.redis.availability().state, availability::available);
}

}  // namespace
}  // namespace drover::test::restricted_server_test
