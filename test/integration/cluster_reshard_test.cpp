// SPDX-License-Identifier: MIT
// Slots that move from node to node while their keys are hot, pending or missing, and primaries
// that are replaced.
#include "integration/cluster_world.hpp"

namespace drover::test::cluster_reshard_test {
namespace {

class cluster_resharding : public on_a_cluster {
 protected:
  [[nodiscard]] slot_move move_of(const std::string& key) {
    redis_server& from = group.owner_of(slot_of(key));
    redis_server& to = *group.nodes[&from == group.nodes[0].get() ? 1 : 0];
    return {.slot = slot_of(key), .from = &from, .to = &to};
  }
  /// One load by one of two clients, and both of them have it.
  void expect_one_load(cached_origin& one, cached_origin& other, const std::string& key) {
    const std::uint64_t before = origin.loads(key);
    EXPECT_EQ(one.ask(key).how, "loaded") << key;
    EXPECT_EQ(other.ask(key).how, "fresh") << key;
    EXPECT_EQ(one.ask(key).how, "fresh") << key;
    EXPECT_EQ(origin.loads(key), before + 1) << key;
  }
  void expect_change_is_seen(cached_origin& by, cached_origin& other, const std::string& key) {
    const std::uint64_t version = origin.write(key);
    EXPECT_TRUE(by.values.invalidate(key).has_value()) << key;
    EXPECT_EQ(other.ask(key).value, shared_origin::text_of(key, version));
    EXPECT_EQ(by.ask(key).value, shared_origin::text_of(key, version));
  }
  void expect_no_faults(const cached_origin& cached) const {
    for (const fault_code code : {fault_code::unreachable, fault_code::unsupported,
                                  fault_code::corrupt, fault_code::overloaded}) {
      EXPECT_EQ(cached.faults(code), 0U) << static_cast<int>(code);
      for (const std::string& text : cached.log->faults(code)) ADD_FAILURE() << text;
    }
  }
};

TEST_F(cluster_resharding, AHotKeyStaysHotInEachPhase) {
  cached_origin one{origin, setup};
  cached_origin other{origin, setup};
  const std::string key = "hot";
  expect_one_load(one, other, key);
  const std::vector<slot_move> moves{move_of(key)};
  group.begin_moves(moves);
  EXPECT_EQ(one.ask(key).how, "fresh");
  EXPECT_EQ(other.ask(key).how, "fresh");
  EXPECT_EQ(group.move_keys(moves, 1000), 1U);
  EXPECT_EQ(one.ask(key).how, "fresh") << "by ASK";
  EXPECT_EQ(other.ask(key).how, "fresh");
  group.end_moves(moves);
  EXPECT_EQ(one.ask(key).how, "fresh") << "by MOVED";
  EXPECT_EQ(other.ask(key).how, "fresh");
  EXPECT_EQ(origin.loads(key), 1U);
  expect_no_faults(one);
}

TEST_F(cluster_resharding, AMissingKeyIsLoadedOnceInEachPhase) {
  cached_origin one{origin, setup};
  cached_origin other{origin, setup};
  const std::string key = "missing";
  const std::vector<slot_move> moves{move_of(key)};
  group.begin_moves(moves);
  expect_one_load(one, other, key);  // at the target, by ASK: its scripts may be unknown there
  expect_change_is_seen(other, one, key);
  moves[0].to->command({"SCRIPT", "FLUSH"});
  expect_change_is_seen(one, other, key);
  EXPECT_TRUE(other.values.expire(key).has_value());
  EXPECT_EQ(one.ask(key).how, "loaded") << "without grace";
  EXPECT_EQ(group.move_keys(moves, 1000), 0U);
  group.end_moves(moves);
  // Both clients repeat their invalidations at the new owner, which costs a load each.
  EXPECT_EQ(one.ask(key).value, "2:" + key);
  EXPECT_EQ(other.ask(key).value, "2:" + key);
  EXPECT_LE(origin.loads(key), 6U);
  expect_change_is_seen(one, other, key);
  expect_no_faults(one);
  expect_no_faults(other);
}

// The lease moves with its slot: the load that runs stores its value at the target, and nobody
// takes it over.
TEST_F(cluster_resharding, ALoadThatRunsWhileItsSlotMovesIsTheOnlyOne) {
  for (const bool is_complete : {false, true}) {
    cached_origin waiting{origin, setup};
    const auto holder = start_worker();
    const std::string key = is_complete ? "moved" : "moves";
    const std::vector<slot_move> moves{move_of(key)};
    origin.hold(key);
    holder->start(1, key);
    ASSERT_TRUE(loads_run(key));
    answer early;
    std::thread first{[&] { early = waiting.ask(key); }};
    EXPECT_TRUE(eventually([&] { return waiting.values.stats().misses == 1; }));
    group.begin_moves(moves);
    EXPECT_EQ(group.move_keys(moves, 1000), 1U) << "the lease";
    if (is_complete) group.end_moves(moves);
    answer late;
    cached_origin elsewhere{origin, setup};
    std::thread second{[&] { late = elsewhere.ask(key); }};
    EXPECT_TRUE(eventually([&] { return elsewhere.values.stats().misses == 1; }));
    EXPECT_TRUE(renews_at(*moves.front().to));
    EXPECT_EQ(origin.running(key), 1U);
    origin.let_go(key);
    first.join();
    second.join();
    EXPECT_EQ(early.how, "joined");
    EXPECT_EQ(late.how, "joined");
    EXPECT_EQ(holder->result().count("loaded"), 1U);
    EXPECT_EQ(holder->stat("leases_lost"), 0U);
    EXPECT_EQ(origin.loads(key), 1U) << key;
    if (!is_complete) group.end_moves(moves);
    EXPECT_EQ(waiting.ask(key).how, "fresh");
  }
}

TEST_F(cluster_resharding, AnInvalidationDuringTheMoveRefusesTheLoadThatRuns) {
  cached_origin other{origin, setup};
  const auto holder = start_worker();
  const std::string key = "changed";
  const std::vector<slot_move> moves{move_of(key)};
  origin.hold(key, 1);
  holder->start(1, key);
  ASSERT_TRUE(loads_run(key));
  group.begin_moves(moves);
  EXPECT_EQ(group.move_keys(moves, 1000), 1U);
  origin.write(key);
  EXPECT_TRUE(other.values.invalidate(key).has_value());
  origin.let_go(key);
  EXPECT_EQ(holder->result().total(), 1U);
  EXPECT_EQ(other.ask(key).value, "1:" + key);
  group.end_moves(moves);
  EXPECT_EQ(other.ask(key).value, "1:" + key);
}

class cluster_failover : public cluster_resharding {
 protected:
  /// The calls of the other nodes never bypass Redis, and no value is older than an acknowledged
  /// invalidation after the failover.
  void fail_over(const std::function<void(redis_server&)>& begin) {
    cached_origin cached{origin, setup};
    redis_server& former = *group.nodes[0];
    const std::string there = key_on(former);
    const std::string elsewhere = key_on(*group.nodes[1]);
    EXPECT_EQ(cached.ask(there).how, "loaded");
    EXPECT_EQ(cached.ask(elsewhere).how, "loaded");
    std::atomic<bool> ends{false};
    tally of_others;
    std::vector<std::thread> callers;
    callers.emplace_back([&] {
      while (!ends) of_others.add(cached.ask(elsewhere));
    });
    for (int i = 0; i < 3; ++i) {
      callers.emplace_back([&] {
        while (!ends) EXPECT_NE(cached.ask(there).value, "");
      });
    }
    begin(former);
    EXPECT_TRUE(
        eventually([&] { return &group.owner_of(slot_of(there)) != &former; }, failover_guard));
    EXPECT_TRUE(comes_back(cached, slot_of(there)));
    origin.write(there);
    EXPECT_TRUE(
        eventually([&] { return cached.values.invalidate(there).has_value(); }, failover_guard));
    EXPECT_EQ(cached.ask(there).value, "1:" + there);
    ends = true;
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(of_others.count("fresh"), of_others.total()) << of_others.line();
    EXPECT_EQ(origin.loads(elsewhere), 1U);
    cached_origin afterwards{origin, setup};
    EXPECT_EQ(afterwards.ask(there).value, "1:" + there);
  }
};

TEST_F(cluster_failover, AKilledPrimaryCostsItsOwnSlotsOnly) {
  fail_over([&](redis_server& former) { group.kill9(former); });
}

TEST_F(cluster_failover, AFrozenPrimaryCostsItsOwnSlotsOnly) {
  setup.patience = 500ms;
  fail_over([&](redis_server& former) { group.freeze(former); });
  group.thaw(*group.nodes[0]);
}

TEST_F(cluster_failover, AnAgreedFailoverIsFollowed) {
  fail_over([&](redis_server& former) { group.fail_over_to(group.replica_of(former)); });
}

// The replica becomes the primary while a load runs. Its lease is renewed there, and the waiters of
// other processes learn of the value.
TEST_F(cluster_failover, ALoadThatRunsDuringAnAgreedFailoverIsTheOnlyOne) {
  cached_origin waiting{origin, setup};
  const auto holder = start_worker();
  redis_server& former = *group.nodes[0];
  const std::string key = key_on(former);
  origin.hold(key);
  holder->start(1, key);
  ASSERT_TRUE(loads_run(key));
  answer got;
  std::thread caller{[&] { got = waiting.ask(key); }};
  EXPECT_TRUE(eventually([&] { return waiting.values.stats().misses == 1; }));
  redis_server& replica = group.replica_of(former);
  group.fail_over_to(replica);
  EXPECT_TRUE(renews_at(replica));
  EXPECT_EQ(origin.running(key), 1U);
  origin.let_go(key);
  caller.join();
  EXPECT_EQ(got.how, "joined");
  EXPECT_EQ(origin.loads(key), 1U);
}

// An invalidation that the former primary acknowledged and lost is sent again to the new one.
TEST_F(cluster_failover, LostInvalidationsAreRepeatedOnTheNewPrimary) {
  cached_origin cached{origin, setup};
  redis_server& former = *group.nodes[0];
  redis_server& replica = group.replica_of(former);
  const std::string key = key_on(former);
  EXPECT_EQ(cached.ask(key).how, "loaded");
  ASSERT_TRUE(eventually([&] {
    raw_client reading = replica.connect();
    reading.command({"READONLY"});
    return !reading.command({"GET", value_key(key)}).root().is_null();
  }));
  group.freeze(replica);  // it does not get the invalidation
  origin.write(key);
  ASSERT_TRUE(cached.values.invalidate(key).has_value());
  group.kill9(former);
  group.thaw(replica);
  EXPECT_TRUE(
      eventually([&] { return &group.owner_of(slot_of(key)) == &replica; }, failover_guard));
  EXPECT_TRUE(comes_back(cached, slot_of(key)));
  cached_origin elsewhere{origin, setup};
  EXPECT_TRUE(eventually([&] { return elsewhere.ask(key).value == "1:" + key; }, failover_guard));
  EXPECT_EQ(cached.ask(key).value, "1:" + key);
}

}  // namespace
}  // namespace drover::test::cluster_reshard_test
