// SPDX-License-Identifier: MIT
// Redis is away at first or for a while: the process runs one load of a key at a time, and few
// loads at once.
#include "integration/doorway.hpp"
#include "integration/fleet.hpp"

namespace drover::test::away_test {
namespace {

using away = fleet;

TEST_F(away, AtConstructionCostsNothingButLoads) {
  server.stop();
  cached_origin cached{origin, setup};
  const answer got = cached.ask("a");
  EXPECT_EQ(got.how, "bypassed");
  EXPECT_EQ(got.value, "0:a");
  EXPECT_FALSE(cached.values.invalidate("a").has_value());
  EXPECT_FALSE(cached.values.expire("a").has_value());
  EXPECT_EQ(cached.values.peek("a"), std::nullopt);
  EXPECT_FALSE(cached.redis.is_available());

  server.restart();
  EXPECT_TRUE(eventually([&] { return cached.ask("b").how == "fresh"; })) << "by itself";
  EXPECT_TRUE(cached.redis.is_available());
  EXPECT_GT(cached.values.stats().leases_granted, 0U);
}

TEST_F(away, RunsSoManyLoadsAtOnceAndNoMore) {
  server.stop();
  setup.policy.bypass_max = 3;
  cached_origin cached{origin, setup};
  constexpr unsigned keys = 20;
  for (unsigned i = 0; i < keys; ++i) origin.hold("key" + std::to_string(i));
  crowd callers{keys, [&](unsigned i) { return cached.ask("key" + std::to_string(i)); }};
  callers.go();
  ASSERT_TRUE(eventually([&] { return origin.running() == 3; }));
  ASSERT_TRUE(eventually([&] { return cached.values.stats().misses == keys; }));
  origin.let_all_go();
  const tally all = callers.result();
  EXPECT_EQ(all.count("bypassed"), keys) << all.line();
  EXPECT_EQ(origin.loads(), keys);
  EXPECT_LE(origin.running_max(), 3U);
}

TEST_F(away, LoadsOneKeyOnceForAllItsCallers) {
  server.stop();
  cached_origin cached{origin, setup};
  // The breaker is open now, so no call waits for a connection.
  static_cast<void>(cached.ask("warm-up"));
  origin.hold("a");
  crowd callers{50, [&](unsigned) { return cached.ask("a"); }};
  callers.go();
  ASSERT_TRUE(eventually([&] { return cached.values.stats().misses == 51; }));
  ASSERT_TRUE(loads_run("a"));
  origin.let_go("a");
  const tally all = callers.result();
  EXPECT_EQ(all.got("0:a"), 50U) << all.line();
  EXPECT_EQ(origin.running_max("a"), 1U);
  // A caller that starts again, and has not joined when the load ends, begins another load.
  EXPECT_LE(origin.loads("a"), 2U);
}

TEST_F(away, RemembersAFailureForItsPause) {
  server.stop();
  cached_origin cached{origin, setup};
  origin.set_load_time(300ms);  // so the pause is at least 240 ms
  origin.set_failing("a", true);
  const answer first = cached.ask("a");
  EXPECT_EQ(first.how, "origin_failure");
  const answer again = cached.ask("a");
  EXPECT_EQ(again.object, first.object) << "the same exception object";
  EXPECT_EQ(origin.loads("a"), 1U);
  origin.set_failing("a", false);
  EXPECT_TRUE(eventually([&] { return cached.ask("a").value == "0:a"; }));
  EXPECT_EQ(origin.loads("a"), 2U);
}

TEST_F(away, ForAWhileLosesNothingThatIsStored) {
  doorway door{server};
  setup.url = door.url();
  cached_origin cached{origin, setup};
  static_cast<void>(cached.ask("a"));
  for (int round = 0; round < 3; ++round) {
    door.close();
    EXPECT_EQ(cached.ask("a").how, "bypassed");
    door.open();
    EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  }
}

TEST_F(away, DuringALoadStillServesAllWhoWaitInTheProcess) {
  doorway door{server};
  setup.url = door.url();
  cached_origin cached{origin, setup};
  origin.hold("a");
  crowd callers{20, [&](unsigned) { return cached.ask("a"); }};
  callers.go();
  ASSERT_TRUE(loads_run("a"));
  door.close();
  origin.let_go("a");
  const tally all = callers.result();
  EXPECT_EQ(all.got("0:a"), 20U) << all.line();
}

// The load began under a lease and before an invalidation that another process made. A caller that
// does not ask Redis may have its value, but must learn that nobody vouches for it.
TEST_F(away, SharesALoadFromBeforeAnInvalidationOnlyAsBypassed) {
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  origin.hold("a");
  crowd first{1, [&](unsigned) { return cached.ask("a"); }};
  first.go();
  ASSERT_TRUE(loads_run("a"));
  origin.write("a");
  ASSERT_TRUE(other.values.invalidate("a").has_value());
  server.kill9();
  ASSERT_TRUE(eventually([&] { return cached.ask("warm-up").how == "bypassed"; }));
  const std::uint64_t misses = cached.values.stats().misses;
  crowd later{1, [&](unsigned) { return cached.ask("a"); }};
  later.go();
  ASSERT_TRUE(eventually([&] { return cached.values.stats().misses == misses + 1; }));
  origin.let_go("a");
  EXPECT_EQ(first.result().count("loaded"), 1U);
  const tally all = later.result();
  EXPECT_EQ(all.got("0:a"), 1U) << all.line();
  EXPECT_EQ(all.count("bypassed"), 1U) << all.line();
}

TEST_F(away, DuringAWaitEndsItByABypass) {
  use_long_leases();
  doorway door{server};
  auto holder = start_worker();
  origin.hold("a", 1);
  holder->start(1, "a");
  ASSERT_TRUE(loads_run("a"));
  setup.url = door.url();
  cached_origin cached{origin, setup};
  crowd waiters{10, [&](unsigned) { return cached.ask("a"); }};
  waiters.go();
  ASSERT_TRUE(eventually([&] { return scripts_run() >= 2; }));
  door.close();
  const tally all = waiters.result();
  EXPECT_EQ(all.got("0:a"), 10U) << all.line();
  EXPECT_GE(all.count("bypassed"), 1U) << all.line();
}

TEST_F(away, BecauseThePasswordIsWrongIsSaidAndBypassed) {
  server.command({"CONFIG", "SET", "requirepass", "c4nary-right"});
  setup.url = "unix://" + server.socket_path();
  for (const std::string& password : {std::string{}, std::string{"c4nary-wrong"}}) {
    client_options with = setup.client();
    with.password = password;
    cached_origin cached{origin, {.name = "t", .policy = setup.policy}, with};
    EXPECT_EQ(cached.ask("a").how, "bypassed");
    std::vector<std::string> faults = cached.log->faults(fault_code::unsupported);
    for (std::string& more : cached.log->faults(fault_code::unreachable)) {
      faults.push_back(std::move(more));
    }
    ASSERT_FALSE(faults.empty());
    for (const std::string& text : faults) {
      EXPECT_EQ(text.find("c4nary-wrong"), std::string::npos) << text;
    }
  }
  client_options with = setup.client();
  with.password = "c4nary-right";
  cached_origin cached{origin, {.name = "t", .policy = setup.policy}, with};
  EXPECT_EQ(cached.ask("b").how, "loaded");
}

}  // namespace
}  // namespace drover::test::away_test
