// SPDX-License-Identifier: MIT
// A process runs one load of a key at a time, also when its tables are full, for keys that are not
// stored, and when the connection dies.
#include "integration/gated_loads.hpp"
#include "support/reply_proxy.hpp"

namespace drover::test::single_flight_test {
namespace {

class single_flight : public fleet {
 protected:
  [[nodiscard]] cache_options options() const { return {.name = "t", .policy = setup.policy}; }

  /// Callers of one key. The load is held until all callers have asked.
  void load_together(cached_origin& cached, const std::string& key) {
    const std::uint64_t before = cached.values.stats().misses;
    origin.hold(key);
    crowd callers{20, [&](unsigned) { return cached.ask(key); }};
    callers.go();
    EXPECT_TRUE(eventually([&] { return cached.values.stats().misses == before + 20; }));
    EXPECT_TRUE(loads_run(key));
    origin.let_go(key);
    const tally all = callers.result();
    EXPECT_EQ(all.got("0:" + key), 20U) << all.line();
    EXPECT_EQ(origin.running_max(key), 1U);
    // A caller that starts again, and has not joined when the load ends, begins another load.
    EXPECT_LE(origin.loads(key), 2U);
  }
  void expect_one_load_of(std::string_view key) const {
    EXPECT_EQ(origin.running_max(key), 1U);
    EXPECT_EQ(origin.loads(key), 1U);
  }
};

TEST_F(single_flight, HoldsForFlightsThatExistWhenTheTableIsFull) {
  in_child([&] {
    client_options narrow = setup.client();
    narrow.flights_max = 1;
    cached_origin cached{origin, options(), narrow};
    origin.hold("first");
    crowd leader{1, [&](unsigned) { return cached.ask("first"); }};
    leader.go();
    EXPECT_TRUE(loads_run("first"));
    crowd guests{20, [&](unsigned) { return cached.ask("first"); }};
    guests.go();
    EXPECT_TRUE(eventually([&] { return cached.values.stats().misses == 21; }));
    EXPECT_EQ(origin.loads("first"), 1U);
    load_together(cached, "second");
    origin.let_go("first");
    const tally all = guests.result();
    EXPECT_EQ(all.got("0:first"), 20U) << all.line();
    EXPECT_EQ(leader.result().count("loaded"), 1U);
    EXPECT_EQ(origin.loads("first"), 1U);
  });
}

TEST_F(single_flight, HoldsForKeysThatAreTooLongToStore) {
  in_child([&] {
    client_options narrow = setup.client();
    narrow.key_max = 20;
    cached_origin cached{origin, options(), narrow};
    load_together(cached, std::string(21, 'k'));
    EXPECT_EQ(cached.values.stats().fills, 0U);
  });
}

TEST_F(single_flight, HoldsWhileRedisIsAway) {
  in_child([&] {
    setup.url = nobodys_url;
    cached_origin cached{origin, setup};
    load_together(cached, "a");
  });
}

TEST_F(single_flight, HoldsWhenTheConnectionDiesDuringTheLoad) {
  in_child([&] {
    use_long_leases();
    cached_origin cached{origin, setup};
    origin.hold("a");
    crowd before{10, [&](unsigned) { return cached.ask("a"); }};
    before.go();
    EXPECT_TRUE(eventually([&] { return cached.values.stats().misses == 10; }));
    EXPECT_TRUE(loads_run("a"));
    server.command({"CLIENT", "KILL", "TYPE", "normal"});
    EXPECT_TRUE(eventually([&] { return cached.log->count(event_kind::connection_down) == 1; }));
    crowd after{10, [&](unsigned) { return cached.ask("a"); }};
    after.go();
    EXPECT_TRUE(eventually([&] { return cached.values.stats().misses >= 20; }));
    origin.let_go("a");
    EXPECT_EQ(before.result().got("0:a"), 10U);
    EXPECT_EQ(after.result().got("0:a"), 10U);
    expect_one_load_of("a");
  });
}

// Callers that bypass Redis join the running load, although its connection is lost.
TEST_F(single_flight, HoldsForThoseWhoComeWhileTheConnectionIsGone) {
  in_child([&] {
    reply_proxy proxy{server};
    setup.url = proxy.url();
    cached_origin cached{origin, setup};
    origin.hold("a");
    crowd before{1, [&](unsigned) { return cached.ask("a"); }};
    before.go();
    ASSERT_TRUE(loads_run("a"));
    proxy.refuse(true);
    proxy.close_all();
    ASSERT_TRUE(eventually([&] { return !cached.redis.is_available(); }));
    crowd after{10, [&](unsigned) { return cached.ask("a"); }};
    after.go();
    ASSERT_TRUE(eventually([&] { return cached.values.stats().misses == 11; }));
    origin.let_go("a");
    EXPECT_EQ(before.result().got("0:a"), 1U);
    EXPECT_EQ(after.result().got("0:a"), 10U);
    expect_one_load_of("a");
  });
}

TEST_F(single_flight, QueuesSoManyLoadsForATurnAndRefusesMore) {
  in_child([&] {
    setup.url = nobodys_url;
    setup.policy.bypass_max = 1;
    setup.policy.bypass_queue_max = 2;
    cached_origin cached{origin, setup};
    static_cast<void>(cached.ask("warm-up"));
    for (unsigned i = 0; i < 6; ++i) origin.hold(std::to_string(i));
    crowd callers{6, [&](unsigned i) { return cached.ask(std::to_string(i)); }};
    callers.go();
    EXPECT_TRUE(eventually([&] { return callers.done() == 3; }));
    origin.let_all_go();
    const tally all = callers.result();
    EXPECT_EQ(all.count("refused:saturated"), 3U) << all.line();
    EXPECT_EQ(all.count("bypassed"), 3U) << all.line();
  });
}

TEST_F(single_flight, CountsALoadOnceWhenItDrains) {
  in_child([&] {
    cached_origin cached{origin, setup};
    origin.hold("a");
    cached.values.refresh("a");
    ASSERT_TRUE(loads_run("a"));
    crowd callers{4, [&](unsigned) { return cached.ask("a", in_good_time()); }};
    callers.go();
    ASSERT_TRUE(eventually([&] { return cached.values.stats().misses >= 4; }));
    EXPECT_EQ(cached.values.drain(0ms), 1U);
    origin.let_go("a");
    EXPECT_EQ(callers.result().total(), 4U);
    EXPECT_EQ(cached.values.drain(10s), 0U);
  });
}

}  // namespace
}  // namespace drover::test::single_flight_test
