// SPDX-License-Identifier: MIT
// The whole library with a user that has few rights: those that `drover acl` prints suffice, and
// each missing one has only its documented effect.
#include <csignal>

#include "integration/fleet.hpp"
#include "lease/rights.hpp"

namespace drover::test::permissions_test {
namespace {

class permissions : public fleet {
 protected:
  /// A user `app` with the rights that `drover acl t` prints, changed by `more`. Returns a
  /// URL.
  std::string url_with(std::initializer_list<std::string_view> more) {
    std::vector<std::string> words{"ACL", "SETUSER", "app", "reset", "on", ">c4nary-secret"};
    const std::vector<std::string> rules = lease::acl_rules(std::vector<std::string>{"t"}, false);
    words.insert(words.end(), rules.begin(), rules.end());
    words.insert(words.end(), more.begin(), more.end());
    raw_client admin = server.connect();
    const std::vector<std::string_view> views(words.begin(), words.end());
    const resp::message done = admin.command(views);
    EXPECT_EQ(done.root().text(), "OK");
    return url;
  }

  redis_server server{{.tcp = true, .arguments = {}}};
  std::string url = "redis://app:c4nary-secret@127.0.0.1:" + std::to_string(server.port());
};

TEST_F(permissions, AsPrintedSufficeForEverything) {
  setup.url = url_with({});
  setup.policy.grace = 1h;
  use_long_leases();
  auto other = start_worker();
  cached_origin cached{origin, setup};
  origin.hold("a");
  crowd leader{1, [&](unsigned) { return cached.ask("a"); }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  other->start(3, "a");
  ASSERT_TRUE(eventually([&] { return calls_of(server, "evalsha") >= 2; }));
  origin.let_go("a");
  EXPECT_EQ(leader.result().count("loaded"), 1U);
  EXPECT_EQ(other->result().got("0:a"), 3U);
  EXPECT_EQ(cached.values.peek("a"), "0:a");
  EXPECT_TRUE(cached.values.expire("a").has_value());
  EXPECT_EQ(cached.ask("a").how, "stale");
  EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  // Use another key. If the last refresh has not released its mark yet, a new one would be
  // suppressed for a third of the lease, which is long here. While a load is being stored, a
  // refresh is dropped.
  EXPECT_EQ(cached.ask("c").how, "loaded");
  EXPECT_TRUE(eventually([&] {
    cached.values.refresh("c");
    return origin.loads("c") >= 2;
  }));
  EXPECT_TRUE(cached.values.invalidate("a").has_value());
  origin.set_failing("b", true);
  EXPECT_EQ(cached.ask("b").how, "origin_failure");
  // The reported failure, or after the pause the exception of its own load.
  const tally theirs = other->get(1, "b");
  EXPECT_EQ(theirs.count("load_failed:threw") + theirs.count("origin_failure"), 1U);
  for (std::size_t code = 0; code < fault_code_count; ++code) {
    const auto faults = cached.log->faults(static_cast<fault_code>(code));
    EXPECT_TRUE(faults.empty()) << faults.front();
  }
  EXPECT_EQ(other->events(event_kind::wake_by_push), 1U);
  EXPECT_EQ(server.command({"ACL", "LOG"}).root().size(), 0U) << "nothing was refused";
  EXPECT_EQ(other->quit(), 0);
}

// The holder has all rights, and the LEASE of the waiter requests a message. The lease is long, so
// only the message or polling ends the wait.
TEST_F(permissions, WithoutTrackingWaitersAreWokenByTheChannel) {
  use_long_leases();
  const std::string limited = url_with({"-client|tracking", "-client|caching"});
  setup.url = server.url();
  cached_origin holder{origin, setup};
  setup.url = limited;
  auto waiter = start_worker();
  origin.hold("a");
  crowd leader{1, [&](unsigned) { return holder.ask("a"); }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  waiter->start(5, "a");
  ASSERT_TRUE(eventually([&] {
    return server.command({"PUBSUB", "NUMSUB", "t:1.1:w:{=a}"}).root()[1].integer() == 1;
  }));
  origin.let_go("a");
  const tally all = waiter->result();
  EXPECT_EQ(all.got("0:a"), 5U) << all.line();
  EXPECT_GE(all.count("joined"), 1U) << all.line();
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_GE(waiter->events(event_kind::wake_by_channel), 1U);
  EXPECT_EQ(waiter->quit(), 0);
}

TEST_F(permissions, WithoutTrackingAndChannelsWaitersPoll) {
  use_long_leases();
  const std::string limited =
      url_with({"-client|tracking", "-client|caching", "-subscribe", "resetchannels"});
  setup.url = server.url();
  cached_origin holder{origin, setup};
  setup.url = limited;
  auto waiter = start_worker();
  origin.hold("a");
  crowd leader{1, [&](unsigned) { return holder.ask("a"); }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  waiter->start(5, "a");
  const std::uint64_t before = calls_of(server, "evalsha");
  ASSERT_TRUE(eventually([&] { return calls_of(server, "evalsha") >= before + 5; })) << "it asks";
  origin.let_go("a");
  const tally all = waiter->result();
  EXPECT_EQ(all.got("0:a"), 5U) << all.line();
  EXPECT_EQ(all.count("bypassed"), 0U) << all.line();
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_GE(waiter->events(event_kind::wake_by_polling), 1U);
  EXPECT_EQ(waiter->events(event_kind::wake_by_channel), 0U);
  EXPECT_EQ(waiter->quit(), 0);
}

TEST_F(permissions, WithoutClientListADeadHoldersLeaseIsWaitedFor) {
  setup.url = url_with({"-client|list"});
  auto first = start_worker();
  auto second = start_worker();
  origin.hold("a");
  first->start(1, "a");
  ASSERT_TRUE(loads_run("a"));
  second->start(5, "a");
  ASSERT_TRUE(eventually([&] { return calls_of(server, "evalsha") >= 2; }));
  first->kill9();
  ASSERT_TRUE(eventually([&] { return origin.loads("a") == 2; }));
  origin.let_go("a");
  const tally all = second->result();
  EXPECT_EQ(all.got("0:a"), 5U) << all.line();
  EXPECT_EQ(all.count("bypassed"), 0U) << all.line();
  EXPECT_EQ(second->quit(), 0);
}

// No process can check the holder's connection, so no process takes over, however often the
// connection is killed.
TEST_F(permissions, WithoutClientListKillingConnectionsCostsNoLoadAtAll) {
  use_long_leases();
  setup.url = url_with({"-client|list"});
  auto first = start_worker();
  auto second = start_worker();
  origin.hold("a");
  first->start(10, "a");
  ASSERT_TRUE(loads_run("a"));
  second->start(10, "a");
  ASSERT_TRUE(eventually([&] { return calls_of(server, "evalsha") >= 2; }));
  for (int round = 0; round < 5; ++round) {
    const std::uint64_t before = calls_of(server, "evalsha");
    server.command({"CLIENT", "KILL", "USER", "app"});
    // The holder renews and the waiter asks again, each on its new connection.
    ASSERT_TRUE(eventually([&] { return calls_of(server, "evalsha") >= before + 2; }));
  }
  origin.let_go("a");
  EXPECT_EQ(first->result().got("0:a"), 10U);
  EXPECT_EQ(second->result().got("0:a"), 10U);
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_EQ(first->quit(), 0);
  EXPECT_EQ(second->quit(), 0);
}

// `drover acl` grants no transactions.
TEST_F(permissions, WithoutScriptsHitsGoOnAndMissesAreBypassed) {
  if (knows_comparisons(server)) GTEST_SKIP() << "SET IFEQ replaces the scripts";
  setup.url = server.url();
  cached_origin full{origin, setup};
  static_cast<void>(full.ask("a"));
  setup.url = url_with({"-evalsha"});
  cached_origin limited{origin, setup};
  EXPECT_EQ(limited.ask("a").how, "fresh");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limited.ask("b" + std::to_string(i)).how, "bypassed");
  EXPECT_GE(limited.faults(fault_code::unsupported), 3U);
  EXPECT_EQ(limited.log->faults(fault_code::unsupported).size(), 1U) << "said once";
  EXPECT_TRUE(limited.values.invalidate("a").has_value());
}

TEST_F(permissions, OfNoKindAreSaidAndBypassed) {
  server.command({"ACL", "SETUSER", "nobody", "reset", "on", ">c4nary-secret"});
  setup.url = "redis://nobody:c4nary-secret@127.0.0.1:" + std::to_string(server.port());
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "bypassed");
  EXPECT_FALSE(cached.values.invalidate("a").has_value());
  EXPECT_GE(cached.log->count(event_kind::fault_seen), 1U);
}

}  // namespace
}  // namespace drover::test::permissions_test
