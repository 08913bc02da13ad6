// SPDX-License-Identifier: MIT
// Problems of a server: it dies, hangs, loses data, is full, or has data of other clients.
#include <atomic>

#include "integration/doorway.hpp"
#include "integration/fleet.hpp"

namespace drover::test::server_test {
namespace {

class server_trouble : public fleet {
 protected:
  /// Callers that ask for several keys repeatedly until they are stopped.
  class traffic {
   public:
    traffic(cached_origin& through, unsigned callers, unsigned keys)
        : crowd_{callers, [this, &through, keys](unsigned number) {
                   answer last;
                   for (unsigned i = number; !ended_; ++i) {
                     const std::string key = "key" + std::to_string(i % keys);
                     last = through.ask(key);
                     ++call_count_;
                     if (last.value != "0:" + key) return last;
                   }
                   return answer{.how = "served"};
                 }} {
      crowd_.go();
    }
    ~traffic() { ended_ = true; }

    /// Waits until each caller has asked about `times` more times.
    [[nodiscard]] bool goes_on(unsigned times) {
      const std::uint64_t until = call_count_ + times;
      return eventually([&] { return call_count_ >= until || crowd_.done() > 0; });
    }
    [[nodiscard]] tally end() {
      ended_ = true;
      return crowd_.result();
    }

   private:
    std::atomic<bool> ended_{false};
    std::atomic<std::uint64_t> call_count_{0};
    crowd crowd_;
  };
};

TEST_F(server_trouble, KilledAndRestartedUnderLoadIsNobodysBusiness) {
  setup.policy.bypass_max = 3;
  cached_origin cached{origin, setup};
  origin.set_load_time(2ms);
  traffic all{cached, 16, 8};
  ASSERT_TRUE(all.goes_on(200));
  for (int round = 0; round < 3; ++round) {
    server.kill9();
    ASSERT_TRUE(all.goes_on(100));
    server.restart();
    ASSERT_TRUE(eventually([&] { return cached.ask("key0").how == "fresh"; }));
    ASSERT_TRUE(all.goes_on(100));
  }
  const tally end = all.end();
  EXPECT_EQ(end.count("served"), 16U) << end.line();
  EXPECT_GT(cached.values.stats().bypasses, 0U);
  EXPECT_GT(cached.faults(fault_code::unreachable), 0U);
  EXPECT_EQ(cached.values.stats().failures, 0U);
}

TEST_F(server_trouble, HangingAndComingBackIsNobodysBusiness) {
  cached_origin cached{origin,
                       {.name = "t", .policy = setup.policy},
                       {.url = setup.url, .connect_max = 100ms, .silence_max = 100ms}};
  traffic all{cached, 8, 4};
  ASSERT_TRUE(all.goes_on(100));
  server.pause();
  ASSERT_TRUE(all.goes_on(50));
  EXPECT_TRUE(eventually([&] { return cached.values.stats().bypasses > 0; }));
  server.resume();
  EXPECT_TRUE(eventually([&] { return cached.redis.is_available(); }));
  EXPECT_TRUE(eventually([&] { return cached.ask("key0").how == "fresh"; }));
  EXPECT_EQ(all.end().count("served"), 8U);
}

// Each killed connection is replaced at once, and the holder first renews under its new client id,
// so that no process takes it for dead. Two things may still cost a load, and are counted: a
// take-over, when the holder's process does not run between two checks of the server's clients; and
// a bypass, when a waiter loses three connections before one of them answers.
TEST_F(server_trouble, KillingAllConnectionsDuringALoadCostsNoLoadButCountedTakeOvers) {
  auto first = start_worker();
  auto second = start_worker();
  origin.hold("a");
  first->start(10, "a");
  ASSERT_TRUE(loads_run("a"));
  second->start(10, "a");
  ASSERT_TRUE(eventually([&] { return scripts_run() >= 2; }));
  raw_client admin = server.connect();
  for (int round = 0; round < 10; ++round) {
    admin.command({"CLIENT", "KILL", "TYPE", "normal"});
    ASSERT_TRUE(eventually([&] {
      // Both are back when both have sent a LEASE or a renewal on new connections.
      return std::string{admin.command({"CLIENT", "LIST"}).root().text()}.find("cmd=evalsha") !=
             std::string::npos;
    }));
  }
  origin.let_go("a");
  const tally all_first = first->result();
  const tally all_second = second->result();
  EXPECT_EQ(all_first.got("0:a"), 10U) << all_first.line();
  EXPECT_EQ(all_second.got("0:a"), 10U) << all_second.line();
  const std::uint64_t take_overs = first->stat("take_overs") + second->stat("take_overs");
  const std::uint64_t bypasses = first->stat("bypasses") + second->stat("bypasses");
  EXPECT_LE(origin.loads("a"), 1 + take_overs + bypasses);
  EXPECT_EQ(first->quit(), 0);
  EXPECT_EQ(second->quit(), 0);
}

TEST_F(server_trouble, KillingTheHoldersConnectionPutsItsNextOneIntoTheEntry) {
  use_long_leases();
  cached_origin cached{origin, setup};
  origin.hold("a");
  crowd leader{1, [&](unsigned) { return cached.ask("a"); }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  const std::uint64_t first = stored("a").holder_client_id;
  ASSERT_NE(first, 0U);
  server.command({"CLIENT", "KILL", "ID", std::to_string(first)});
  EXPECT_TRUE(eventually([&] { return stored("a").holder_client_id > first; }));
  origin.let_go("a");
  EXPECT_EQ(leader.result().count("loaded"), 1U);
  EXPECT_EQ(cached.ask("a").how, "fresh");
  EXPECT_EQ(origin.loads("a"), 1U);
}

TEST_F(server_trouble, ForgettingItsScriptsCostsNoLoad) {
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  static_cast<void>(cached.ask("warm"));
  static_cast<void>(other.ask("warm"));
  server.command({"SCRIPT", "FLUSH"});
  constexpr unsigned keys = 30;
  crowd callers{8, [&](unsigned number) {
                  for (unsigned i = 0; i < keys; ++i) {
                    const std::string key = "key" + std::to_string(i);
                    answer got = (number % 2 == 0 ? cached : other).ask(key);
                    if (got.value != "0:" + key) return got;
                  }
                  return answer{.how = "served"};
                }};
  EXPECT_EQ(callers.result().count("served"), 8U);
  EXPECT_EQ(origin.loads(), keys + 1U);
  EXPECT_EQ(cached.values.stats().bypasses + other.values.stats().bypasses, 0U);
}

TEST_F(server_trouble, ForgettingItsScriptsIsNoticedByEveryVerb) {
  setup.policy.ttl = 100ms;
  setup.policy.grace = 1h;
  cached_origin cached{origin, setup};
  static_cast<void>(cached.ask("a"));
  server.command({"SCRIPT", "FLUSH"});
  EXPECT_TRUE(cached.values.expire("a").has_value());
  origin.hold("b");
  crowd holder{1, [&](unsigned) { return cached.ask("b"); }};
  holder.go();
  ASSERT_TRUE(loads_run("b"));
  std::this_thread::sleep_for(1100ms);  // scripts are loaded again at most once a second
  server.command({"SCRIPT", "FLUSH"});
  origin.let_go("b");
  EXPECT_EQ(holder.result().count("loaded"), 1U);
  EXPECT_EQ(cached.values.stats().fills, cached.values.stats().loads);
}

TEST_F(server_trouble, FlushedDuringALoadRefusesItsFill) {
  use_long_leases();
  cached_origin first{origin, setup};
  cached_origin second{origin, setup};
  origin.hold("a", 1);
  crowd leader{1, [&](unsigned) { return first.ask("a"); }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  crowd waiters{5, [&](unsigned) { return second.ask("a"); }};
  waiters.go();
  ASSERT_TRUE(eventually([&] { return scripts_run() >= 2; }));
  origin.write("a");
  server.command({"FLUSHALL"});
  const tally woken = waiters.result();
  EXPECT_EQ(woken.got("1:a"), 5U) << "they were told at once: " << woken.line();
  origin.let_go("a");
  EXPECT_EQ(leader.result().got("0:a"), 1U);
  EXPECT_EQ(first.values.stats().fills_refused, 1U);
  EXPECT_EQ(first.ask("a").value, "1:a");
  EXPECT_EQ(origin.loads("a"), 2U);
}

TEST_F(server_trouble, AnotherTypeUnderTheKeyIsBypassedAndLeftAlone) {
  cached_origin cached{origin, setup};
  server.command({"RPUSH", value_key("a"), "somebody", "else's"});
  for (int i = 0; i < 3; ++i) {
    const answer got = cached.ask("a");
    EXPECT_EQ(got.how, "bypassed");
    EXPECT_EQ(got.value, "0:a");
  }
  EXPECT_EQ(cached.values.peek("a"), std::nullopt);
  EXPECT_GE(cached.faults(fault_code::corrupt), 3U);
  EXPECT_EQ(server.command({"LLEN", value_key("a")}).root().integer(), 2);
  EXPECT_TRUE(cached.redis.is_available());
}

TEST_F(server_trouble, AForeignStringUnderTheKeyIsOverwritten) {
  cached_origin cached{origin, setup};
  for (const std::string_view foreign : {"", "x",
                                         "a longer string that somebody else has put here, "
                                         "longer than an envelope of ours would be"}) {
    server.command({"SET", value_key("a"), foreign});
    EXPECT_EQ(cached.ask("a").how, "loaded");
    EXPECT_EQ(cached.ask("a").how, "fresh");
  }
  EXPECT_EQ(cached.values.stats().corrupt_entries, 3U);
}

TEST_F(server_trouble, AnEntryOfANewerFormatIsBypassedAndLeftAlone) {
  cached_origin cached{origin, setup};
  std::string newer(80, '\0');
  newer[0] = '\xFE';
  newer[1] = '\x20';
  server.command({"SET", value_key("a"), newer});
  EXPECT_EQ(cached.ask("a").how, "bypassed");
  EXPECT_EQ(server.command({"GET", value_key("a")}).root().text(), newer);
}

TEST_F(server_trouble, NoMemoryKeepsHitsAndBypassesMisses) {
  cached_origin cached{origin, setup};
  for (int i = 0; i < 5; ++i) static_cast<void>(cached.ask("old" + std::to_string(i)));
  server.command({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  server.command({"CONFIG", "SET", "maxmemory", "1"});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(cached.ask("old" + std::to_string(i)).how, "fresh");
    const answer miss = cached.ask("new" + std::to_string(i));
    EXPECT_EQ(miss.how, "bypassed") << miss.text;
    EXPECT_EQ(miss.value, "0:new" + std::to_string(i));
  }
  EXPECT_GE(cached.faults(fault_code::overloaded), 5U);
  EXPECT_TRUE(cached.values.invalidate("old0").has_value()) << "it frees memory";
  server.command({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(cached.ask("new0").how, "loaded");
  EXPECT_EQ(cached.ask("new0").how, "fresh");
}

TEST_F(server_trouble, NoMemoryForTheFillStillServesAllWaiters) {
  use_long_leases();
  cached_origin first{origin, setup};
  cached_origin second{origin, setup};
  origin.hold("a", 1);
  crowd leader{3, [&](unsigned) { return first.ask("a"); }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  crowd waiters{3, [&](unsigned) { return second.ask("a"); }};
  waiters.go();
  ASSERT_TRUE(eventually([&] { return scripts_run() >= 2; }));
  server.command({"CONFIG", "SET", "maxmemory", "1"});
  origin.let_go("a");
  EXPECT_EQ(leader.result().got("0:a"), 3U);
  EXPECT_EQ(waiters.result().got("0:a"), 3U) << "the lease was handed on, not kept to its end";
}

TEST_F(server_trouble, EvictionCostsLoadsAndNothingElse) {
  setup.policy.ttl = 10min;
  cached_origin cached{origin, setup};
  static_cast<void>(cached.ask("warm-up"));  // the connection and the scripts need memory, too
  const std::string info{server.command({"INFO", "memory"}).root().text()};
  const std::size_t at = info.find("used_memory:") + 12;
  const std::uint64_t room = std::stoull(info.substr(at)) + 150'000;
  server.command({"CONFIG", "SET", "maxmemory-policy", "allkeys-random"});
  server.command({"CONFIG", "SET", "maxmemory", std::to_string(room)});
  constexpr unsigned keys = 1000;
  crowd callers{4, [&](unsigned number) {
                  for (unsigned i = 0; i < 2 * keys; ++i) {
                    const std::string key = "key" + std::to_string((number * 250 + i) % keys);
                    answer got = cached.ask(key);
                    if (got.value != "0:" + key) return got;
                  }
                  return answer{.how = "served"};
                }};
  const tally all = callers.result();
  EXPECT_EQ(all.count("served"), 4U) << all.line();
  const std::string stats{server.command({"INFO", "stats"}).root().text()};
  EXPECT_EQ(stats.find("evicted_keys:0\r"), std::string::npos) << "this server must have evicted";
  EXPECT_GT(cached.values.stats().fills, keys) << "what was evicted is stored again";
}

TEST_F(server_trouble, ANodeOfAClusterWithoutSlotsIsBypassedAndSaysSo) {
  redis_server cluster{{.tcp = false, .arguments = {"--cluster-enabled", "yes", "--port", "0"}}};
  setup.url = cluster.url();
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").how, "bypassed");
  const auto faults = cached.log->faults(fault_code::unreachable);
  ASSERT_FALSE(faults.empty());
  EXPECT_NE(faults.front().find("CLUSTERDOWN"), std::string::npos) << faults.front();
}

}  // namespace
}  // namespace drover::test::server_test
