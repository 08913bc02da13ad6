// SPDX-License-Identifier: MIT
// The proxy changes replies according to its rules, and passes all others unchanged.
#include "support/reply_proxy.hpp"

#include "integration/fleet.hpp"

namespace drover::test::reply_proxy_test {
namespace {

class replies_through_a_proxy : public testing::Test {
 protected:
  [[nodiscard]] raw_client connect() const { return raw_client::over_tcp(proxy.port()); }
  static std::string ping(raw_client& over, std::string_view text) {
    return std::string{over.command({"PING", text}).root().text()};
  }

  watchdog guard;
  redis_server server;
  reply_proxy proxy{server};
  raw_client wire = connect();
};

TEST_F(replies_through_a_proxy, PassUnchangedWithoutRules) {
  const std::string large(3'000'000, 'x');
  EXPECT_EQ(wire.command({"SET", "k", large}).root().text(), "OK");
  EXPECT_EQ(wire.command({"GET", "k"}).root().text(), large);
  EXPECT_EQ(proxy.applied(), 0U);
}

TEST_F(replies_through_a_proxy, AreDroppedDoubledAndReplaced) {
  proxy.add({.command = "PING", .does = deed::drop, .skip = 1});
  EXPECT_EQ(ping(wire, "one"), "one");
  wire.send_command({"PING", "two"});
  EXPECT_EQ(ping(wire, "three"), "three") << "the reply before is gone";
  proxy.add({.command = "PING", .does = deed::duplicate});
  EXPECT_EQ(ping(wire, "four"), "four");
  EXPECT_EQ(wire.read_reply().root().text(), "four");
  proxy.add({.command = "GET", .does = deed::replace, .bytes = "+mine\r\n"});
  EXPECT_EQ(ping(wire, "five"), "five") << "a rule for another command";
  EXPECT_EQ(wire.command({"GET", "k"}).root().text(), "mine");
  EXPECT_EQ(proxy.applied(), 3U);
}

TEST_F(replies_through_a_proxy, AreDelayedAndTrickledInOrder) {
  proxy.add({.command = "GET", .does = deed::delay, .interval = 30ms});
  proxy.add({.command = "PING", .does = deed::trickle, .interval = 2ms});
  const auto began = std::chrono::steady_clock::now();
  wire.send_command({"GET", "k"});
  wire.send_command({"PING", "late"});
  EXPECT_TRUE(wire.read_reply().root().is_null());
  EXPECT_GE(std::chrono::steady_clock::now() - began, 30ms);
  EXPECT_EQ(wire.read_reply().root().text(), "late");
  EXPECT_GE(std::chrono::steady_clock::now() - began, 45ms);
}

TEST_F(replies_through_a_proxy, AreCutInTheMiddle) {
  proxy.add({.command = "PING", .does = deed::cut});
  EXPECT_THROW(ping(wire, "half"), std::runtime_error);
  raw_client again = connect();
  EXPECT_EQ(ping(again, "whole"), "whole");
  EXPECT_EQ(proxy.accepted(), 2U);
}

TEST_F(replies_through_a_proxy, HavePushesBeforeAndBetweenThem) {
  const std::string push = ">1\r\n+news\r\n";
  proxy.add({.command = "PING", .does = deed::precede, .bytes = push});
  EXPECT_EQ(ping(wire, "one"), "one");
  EXPECT_TRUE(wire.read_push().has_value());
  proxy.push_every(1ms, push);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(wire.read_push().has_value());
  EXPECT_EQ(ping(wire, "two"), "two");
}

TEST_F(replies_through_a_proxy, ComeWhenItLetsGoAgain) {
  proxy.hold(true);
  wire.send_command({"PING", "held"});
  EXPECT_FALSE(wire.read_push(20ms).has_value());
  proxy.hold(false);
  EXPECT_EQ(wire.read_reply().root().text(), "held");
}

TEST_F(replies_through_a_proxy, AreThoseOfTheServerThatItLeadsTo) {
  const redis_server other;
  wire.command({"SET", "k", "here"});
  other.command({"SET", "k", "there"});
  proxy.lead_to(other);
  EXPECT_EQ(wire.command({"GET", "k"}).root().text(), "here");
  EXPECT_EQ(proxy.close_idle(), 1U);
  wire = connect();
  EXPECT_EQ(wire.command({"GET", "k"}).root().text(), "there");
  proxy.refuse(true);
  proxy.close_all();
  raw_client refused = connect();
  EXPECT_THROW(ping(refused, "no"), std::runtime_error);
}

}  // namespace
}  // namespace drover::test::reply_proxy_test
