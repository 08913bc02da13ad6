// SPDX-License-Identifier: MIT
// The holder of a lease dies, freezes, is slow, or exceeds its time limit.
#include <atomic>
#include <csignal>

#include "integration/fleet.hpp"

namespace drover::test::holder_test {
namespace {

class holder : public fleet {
 protected:
  /// Waits until a second process has sent a LEASE.
  [[nodiscard]] bool somebody_waits() const {
    return eventually([&] { return scripts_run() >= 2; });
  }
};

// The lease outlasts the guard: only the check for a dead holder can end the wait in time.
TEST_F(holder, ThatIsKilledIsReplacedLongBeforeItsLeaseEnds) {
  use_long_leases();
  auto first = start_worker();
  auto second = start_worker();
  origin.hold("a");
  first->start(1, "a");
  ASSERT_TRUE(loads_run("a"));
  second->start(5, "a");
  ASSERT_TRUE(somebody_waits());
  first->kill9();
  ASSERT_TRUE(eventually([&] { return origin.loads("a") == 2; }));
  EXPECT_EQ(origin.last_loader("a"), second->pid());
  origin.let_go("a");
  const tally all = second->result();
  EXPECT_EQ(all.got("0:a"), 5U) << all.line();
  EXPECT_EQ(all.count("loaded"), 1U) << all.line();
  EXPECT_EQ(all.count("bypassed"), 0U) << all.line();
  EXPECT_EQ(origin.loads("a"), 2U);
  EXPECT_EQ(second->stat("take_overs"), 1U);
  EXPECT_EQ(second->events(event_kind::lease_taken_over), 1U);
  EXPECT_EQ(second->quit(), 0);
}

TEST_F(holder, ThatIsKilledIsReplacedByOneOfManyProcesses) {
  use_long_leases();
  auto first = start_worker();
  auto others = start_workers(3);
  origin.hold("a");
  first->start(1, "a");
  ASSERT_TRUE(loads_run("a"));
  for (auto& other : others) other->start(20, "a");
  ASSERT_TRUE(eventually([&] { return scripts_run() >= 4; }));
  first->kill9();
  ASSERT_TRUE(eventually([&] { return origin.loads("a") == 2; }));
  origin.let_go("a");
  for (auto& other : others) EXPECT_EQ(other->result().got("0:a"), 20U);
  EXPECT_EQ(origin.loads("a"), 2U);
  for (auto& other : others) EXPECT_EQ(other->quit(), 0);
}

TEST_F(holder, ThatIsKilledWhileRefreshingCostsOneMoreRefresh) {
  setup.policy.ttl = 100ms;
  setup.policy.grace = 1h;
  setup.policy.lease_ttl = 300ms;
  auto first = start_worker();
  auto second = start_worker();
  static_cast<void>(first->get(1, "a"));
  origin.write("a");
  ASSERT_TRUE(eventually([&] {
    origin.hold("a", 2);
    return first->get(1, "a").count("stale") == 1;
  }));
  ASSERT_TRUE(loads_run("a"));
  first->kill9();
  // The refresh mark ends by itself. Until then, and while the next refresh runs, the old value is
  // served.
  EXPECT_TRUE(eventually([&] { return second->get(1, "a").got("1:a") == 1; }));
  EXPECT_EQ(second->stat("misses"), 0U);
  EXPECT_EQ(second->quit(), 0);
}

TEST_F(holder, ThatIsFrozenLosesTheLeaseAndItsLateResultIsRefused) {
  auto first = start_worker();
  auto second = start_worker();
  origin.hold("a", 1);
  first->start(1, "a");
  ASSERT_TRUE(loads_run("a"));
  second->start(5, "a");
  first->signal(SIGSTOP);
  origin.write("a");  // the value that the frozen process has read is old now
  const tally all = second->result();
  EXPECT_EQ(all.got("1:a"), 5U) << all.line();
  EXPECT_EQ(all.count("loaded"), 1U) << all.line();
  EXPECT_EQ(origin.loads("a"), 2U);
  EXPECT_EQ(origin.last_loader("a"), second->pid());

  origin.let_go("a");
  first->signal(SIGCONT);
  const tally late = first->result();
  EXPECT_EQ(late.got("0:a"), 1U) << "the frozen caller has what it loaded: " << late.line();
  // After the thaw the renewal or the fill may come first; neither stores anything.
  EXPECT_EQ(first->stat("fills"), 0U);
  EXPECT_GE(first->stat("leases_lost") + first->stat("fills_refused"), 1U);
  EXPECT_EQ(first->get(1, "a").got("1:a"), 1U);
  EXPECT_EQ(second->get(1, "a").got("1:a"), 1U);
  EXPECT_EQ(origin.loads("a"), 2U);
  EXPECT_EQ(first->quit(), 0);
  EXPECT_EQ(second->quit(), 0);
}

TEST_F(holder, KeepsItsLeasesByRenewalHoweverBusyItsLoadersAre) {
  origin.set_busy(true);
  origin.set_load_time(2500ms);
  auto first = start_worker();
  auto second = start_worker();
  cached_origin cached{origin, setup};
  constexpr unsigned keys = 4;  // more loaders than processors, and each keeps one busy
  crowd loaders{keys, [&](unsigned i) { return cached.ask("key" + std::to_string(i)); }};
  loaders.go();
  ASSERT_TRUE(eventually([&] { return origin.loads() == keys; }));
  first->start(10, "key0");
  second->start(10, "key1");
  EXPECT_EQ(loaders.result().count("loaded"), keys);
  EXPECT_EQ(first->result().got("0:key0"), 10U);
  EXPECT_EQ(second->result().got("0:key1"), 10U);
  EXPECT_EQ(origin.loads(), keys);
  EXPECT_EQ(cached.values.stats().leases_lost, 0U);
  EXPECT_EQ(cached.values.stats().fills, keys);
  EXPECT_EQ(first->quit(), 0);
  EXPECT_EQ(second->quit(), 0);
}

TEST_F(holder, WhoseLoadPassesItsLimitLetsItsWaitersGo) {
  setup.policy.lease_ttl = 1s;  // a busy machine must not keep it from being renewed
  setup.policy.load_max = 2s;
  auto other = start_worker();
  cached_origin cached{origin, setup};
  origin.hold("a", 1);
  crowd leader{1, [&](unsigned) { return cached.ask("a"); }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  crowd waiters{20, [&](unsigned) { return cached.ask("a"); }};
  waiters.go();
  other->start(5, "a");
  const tally let_go = waiters.result();
  EXPECT_EQ(let_go.count("load_failed:timed_out"), 20U) << let_go.line();
  EXPECT_EQ(let_go.objects.size(), 1U) << "one failure, one object";
  const tally elsewhere = other->result();
  EXPECT_EQ(elsewhere.count("load_failed:timed_out"), 5U) << elsewhere.line();
  EXPECT_EQ(origin.loads("a"), 1U) << "nobody loads because a load took long";
  EXPECT_EQ(leader.done(), 0U);

  // After the pause a caller starts a new load while the first load still runs.
  origin.write("a");
  EXPECT_TRUE(eventually([&] { return cached.ask("a").value == "1:a"; }));
  EXPECT_EQ(origin.loads("a"), 2U);
  origin.let_go("a");
  const tally late = leader.result();
  EXPECT_EQ(late.got("0:a"), 1U) << "its own caller has the late result: " << late.line();
  EXPECT_EQ(cached.ask("a").value, "1:a") << "and nobody else";
  EXPECT_EQ(cached.values.stats().fills, 1U);
  EXPECT_EQ(origin.loads("a"), 2U);
  EXPECT_EQ(other->quit(), 0);
}

TEST_F(holder, WhoseRefreshPassesItsLimitLeavesTheOldValueServed) {
  setup.policy.ttl = 100ms;
  setup.policy.grace = 1h;
  setup.policy.lease_ttl = 200ms;
  setup.policy.load_max = 300ms;
  cached_origin cached{origin, setup};
  static_cast<void>(cached.ask("a"));
  origin.write("a");
  ASSERT_TRUE(eventually([&] {
    origin.hold("a", 2);
    return cached.ask("a").how == "stale";
  }));
  EXPECT_TRUE(eventually([&] { return cached.log->count(event_kind::load_timed_out) == 1; }));
  EXPECT_EQ(cached.ask("a").how, "stale");
  EXPECT_TRUE(eventually([&] { return cached.ask("a").value == "1:a"; })) << "by the third load";
  origin.let_go("a");
}

TEST_F(holder, ThatDoesNotStoreHandsTheLeaseToTheNextInLine) {
  std::atomic<unsigned> at_once{0};
  std::atomic<unsigned> most{0};
  const auto loader = [&](std::string_view key) {
    const unsigned now = ++at_once;
    unsigned previous = most;
    while (previous < now && !most.compare_exchange_weak(previous, now)) {
    }
    auto unstored = loaded<std::string>::do_not_store(origin.load(key));
    --at_once;
    return unstored;
  };
  origin.set_load_time(5ms);
  policy without_marker = setup.policy;
  without_marker.uncacheable_ttl = duration{0};
  std::vector<std::unique_ptr<client>> clients;
  std::vector<std::unique_ptr<cache<std::string>>> caches;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<client>(setup.client()));
    caches.push_back(std::make_unique<cache<std::string>>(
        *clients.back(), cache_options{.name = "t", .policy = without_marker}, loader));
  }
  crowd callers{30, [&](unsigned i) -> answer {
                  return {.how = "got", .value = caches[i % 3]->get("a").value_or("absent")};
                }};
  EXPECT_EQ(callers.result().got("0:a"), 30U);
  EXPECT_EQ(most, 1U) << "one at a time behind the lease";
  EXPECT_EQ(server.command({"EXISTS", value_key("a")}).root().integer(), 0);
}

}  // namespace
}  // namespace drover::test::holder_test
