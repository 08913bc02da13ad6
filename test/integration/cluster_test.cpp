// SPDX-License-Identifier: MIT
// A client of a cluster: each key at its node, whichever way the cluster was found.
#include "integration/cluster_world.hpp"
#include "integration/in_child.hpp"
#include "support/thread_sanitized.hpp"

namespace drover::test::cluster_test {
namespace {

using cluster_client = on_a_cluster;

TEST_F(cluster_client, KeysOfAllNodesAreCachedAndChanged) {
  setup.policy.grace = 1h;
  cached_origin cached{origin, setup};
  cached_origin elsewhere{origin, setup};
  constexpr unsigned keys = 18;
  for (unsigned i = 0; i < keys; ++i) {
    const std::string key = "k" + std::to_string(i);
    EXPECT_EQ(cached.ask(key).how, "loaded") << key;
    EXPECT_EQ(elsewhere.ask(key).how, "fresh") << key;
    EXPECT_EQ(origin.loads(key), 1U) << key;
    origin.write(key);
    EXPECT_TRUE(cached.values.invalidate(key).has_value()) << key;
    EXPECT_EQ(elsewhere.ask(key).value, "1:" + key);
    EXPECT_TRUE(elsewhere.values.expire(key).has_value()) << key;
    EXPECT_EQ(cached.values.peek(key), "1:" + key);
    cached.values.refresh(key);
  }
  for (unsigned i = 0; i < keys; ++i) {
    const std::string key = "k" + std::to_string(i);
    EXPECT_TRUE(eventually([&] { return elsewhere.ask(key).how == "fresh"; })) << key;
  }
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(is_connected_to(*group.nodes[i])) << i;
  for (const fault_code code : {fault_code::unreachable, fault_code::unsupported,
                                fault_code::corrupt, fault_code::overloaded}) {
    EXPECT_EQ(cached.faults(code) + elsewhere.faults(code), 0U) << static_cast<int>(code);
  }
  EXPECT_EQ(cached.redis.availability().state, availability::available);
}

TEST_F(cluster_client, AnyNodeLeadsToTheCluster) {
  for (const auto& node : group.nodes) {
    setup.url = "redis://127.0.0.1:" + std::to_string(node->port());
    cached_origin cached{origin, setup};
    for (unsigned i = 0; i < 20; ++i) {
      const std::string key = std::to_string(node->port()) + "k" + std::to_string(i);
      EXPECT_EQ(cached.ask(key).how, "loaded") << key;
      EXPECT_EQ(cached.ask(key).how, "fresh") << key;
    }
    EXPECT_EQ(cached.redis.availability().state, availability::available);
  }
}

TEST_F(cluster_client, ASeedThatIsAwayIsPassedOver) {
  setup.url =
      "redis+cluster://127.0.0.1:1,127.0.0.1:2,127.0.0.1:" + std::to_string(group.nodes[4]->port());
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "loaded");
  EXPECT_EQ(cached.ask("a").how, "fresh");
}

TEST_F(cluster_client, WaitersOfAnotherProcessAreWokenByPushes) {
  use_long_leases();
  cached_origin waiting{origin, setup};
  const auto holder = start_worker();
  for (unsigned i = 0; i < 12; ++i) {
    const std::string key = "w" + std::to_string(i);
    origin.hold(key);
    holder->start(1, key);
    ASSERT_TRUE(loads_run(key));
    answer got;
    std::thread caller{[&] { got = waiting.ask(key); }};
    EXPECT_TRUE(eventually([&] { return waiting.values.stats().misses > i; }));
    origin.let_go(key);
    caller.join();
    EXPECT_EQ(got.how, "joined") << key;
    EXPECT_EQ(holder->result().count("loaded"), 1U);
    EXPECT_EQ(origin.loads(key), 1U) << key;
  }
  EXPECT_EQ(waiting.log->count(event_kind::wake_by_polling), 0U);
}

// The slot of a dead holder is watched at its node, by the id that the node gave it.
TEST_F(cluster_client, ADeadHolderIsNoticedAtItsNode) {
  use_long_leases();
  cached_origin waiting{origin, setup};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string key = key_on(*group.nodes[i]);
    const auto holder = start_worker();
    origin.hold(key, 1);
    holder->start(1, key);
    ASSERT_TRUE(loads_run(key));
    std::thread killer{[&] {
      EXPECT_TRUE(eventually([&] { return waiting.values.stats().misses > i; }));
      holder->kill9();
    }};
    EXPECT_EQ(waiting.ask(key).value, "0:" + key);
    killer.join();
    EXPECT_EQ(origin.loads(key), 2U);
    origin.let_go(key);
  }
}

TEST_F(cluster_client, ACheckTriesEachPrimary) {
  for (const std::string& url :
       {group.url(), "redis://127.0.0.1:" + std::to_string(group.nodes[5]->port())}) {
    setup.url = url;
    cached_origin cached{origin, setup};
    const check_report report = cached.redis.check(60s, {"t", "u"});
    EXPECT_EQ(report.state, readiness::ready) << url;
    for (const check_problem& problem : report.problems) {
      ADD_FAILURE() << problem.request << ": " << problem.reason;
    }
    EXPECT_EQ(report.role, "primary");
    EXPECT_TRUE(report.round_trip.has_value());
  }
  group.nodes[1]->command({"ACL", "SETUSER", "default", "-client|list"});
  cached_origin cached{origin, setup};
  const check_report report = cached.redis.check(60s, {"t"});
  EXPECT_EQ(report.state, readiness::degraded);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems[0].request, "CLIENT LIST");
  EXPECT_NE(report.problems[0].reason.find(std::to_string(group.nodes[1]->port()) + ": "),
            std::string::npos)
      << report.problems[0].reason;
}

TEST_F(cluster_client, WithoutTheRightToReadTheMapItFollowsRedirects) {
  for (const auto& node : group.nodes) {
    node->command({"ACL", "SETUSER", "default", "-cluster|shards", "-cluster|slots"});
  }
  cached_origin cached{origin, setup};
  for (unsigned i = 0; i < 20; ++i) {
    const std::string key = "k" + std::to_string(i);
    EXPECT_EQ(cached.ask(key).how, "loaded") << key;
    EXPECT_EQ(cached.ask(key).how, "fresh") << key;
  }
  const check_report report = cached.redis.check(20s, {"t"});
  EXPECT_EQ(report.state, readiness::degraded);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_EQ(report.problems[0].remedy, "grant +cluster|shards +cluster|slots");
}

TEST_F(cluster_client, AForkedChildTakesNoLockOfItsParent) {
  if (DROVER_THREAD_SANITIZED) GTEST_SKIP() << "the thread sanitizer cannot follow it";
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "loaded");
  std::atomic<bool> ends{false};
  std::thread looking{[&] {
    while (!ends) static_cast<void>(cached.redis.is_available());
  }};
  for (int round = 0; round < 5; ++round) {
    expect_good(run_in_child(
        [&] {
          const bool is_away = cached.redis.availability().state == availability::away;
          return is_away && !cached.redis.is_available() ? 0 : 1;
        },
        15s));
  }
  ends = true;
  looking.join();
}

}  // namespace
}  // namespace drover::test::cluster_test
