// SPDX-License-Identifier: MIT
// Many callers in many processes ask for one missing key: the origin is asked once.
#include "integration/fleet.hpp"

namespace drover::test::herd_test {
namespace {

class herd : public fleet {
 protected:
  /// All processes ask at once, each with `callers` callers.
  tally storm(std::vector<std::unique_ptr<worker>>& workers, unsigned callers,
              const std::string& key) {
    for (auto& worker_process : workers) worker_process->poise(callers, key);
    for (auto& worker_process : workers) worker_process->go();
    tally sum;
    for (auto& worker_process : workers) {
      const tally part = worker_process->result();
      for (const auto& [source, times] : part.how) sum.how[source] += times;
      for (const auto& [value, times] : part.values) sum.values[value] += times;
    }
    return sum;
  }
  static void end(std::vector<std::unique_ptr<worker>>& workers) {
    for (auto& worker_process : workers) EXPECT_EQ(worker_process->quit(), 0);
  }
};

TEST_F(herd, OfFourProcessesAsksTheOriginOnceForAShortLoad) {
  auto workers = start_workers(4);
  origin.set_load_time(50ms);
  for (const std::string key : {"a", "b", "c", "d", "e"}) {
    const tally all = storm(workers, 50, key);
    EXPECT_EQ(origin.loads(key), 1U);
    EXPECT_EQ(all.got("0:" + key), 200U) << all.line();
    EXPECT_EQ(all.count("loaded"), 1U) << all.line();
    EXPECT_EQ(all.count("bypassed"), 0U) << all.line();
  }
  end(workers);
}

TEST_F(herd, OfFourProcessesAsksTheOriginOnceForALongLoad) {
  auto workers = start_workers(4);
  origin.set_load_time(2s);
  const tally all = storm(workers, 50, "a");
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_EQ(all.got("0:a"), 200U) << all.line();
  EXPECT_EQ(all.count("loaded"), 1U) << all.line();
  EXPECT_EQ(all.count("bypassed"), 0U) << all.line();
  end(workers);
}

TEST_F(herd, OfTenThousandCallersAsksTheOriginOnce) {
  const unsigned processes = is_sanitized ? 2 : 8;
  const unsigned callers = is_sanitized ? 100 : 1250;
  auto workers = start_workers(processes);
  origin.set_load_time(300ms);
  const tally all = storm(workers, callers, "a");
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_EQ(all.got("0:a"), processes * callers) << all.line();
  end(workers);
}

TEST_F(herd, OfAThousandCallersInOneProcessAsksTheOriginOnce) {
  cached_origin cached{origin, setup};
  origin.set_load_time(200ms);
  crowd callers{1000, [&](unsigned) { return cached.ask("a"); }};
  callers.go();
  const tally all = callers.result();
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_EQ(all.got("0:a"), 1000U) << all.line();
  EXPECT_EQ(all.count("loaded"), 1U) << all.line();
  EXPECT_EQ(cached.values.stats().leases_granted, 1U);
}

TEST_F(herd, IsServedTheOldValueWithinGraceWhileOneRefreshRuns) {
  setup.policy.ttl = 100ms;
  setup.policy.grace = 1h;
  auto workers = start_workers(4);
  ASSERT_EQ(workers[0]->get(1, "a").count("loaded"), 1U);
  origin.write("a");
  // The entry is fresh until the ttl ends. From then on no caller waits.
  ASSERT_TRUE(eventually([&] {
    origin.hold("a");
    return workers[0]->get(1, "a").count("stale") == 1;
  }));
  ASSERT_TRUE(loads_run("a"));
  const tally all = storm(workers, 50, "a");
  EXPECT_EQ(all.count("stale"), 200U) << all.line();
  EXPECT_EQ(all.got("0:a"), 200U) << all.line();
  EXPECT_EQ(origin.loads("a"), 2U) << "one load and one refresh";
  origin.let_go("a");
  EXPECT_TRUE(eventually([&] { return workers[1]->get(1, "a").got("1:a") == 1; }));
  EXPECT_EQ(origin.running_max("a"), 1U);
  end(workers);
}

TEST_F(herd, WaitsForOneLoadWhenTheTtlEndsWithoutGrace) {
  setup.policy.ttl = 300ms;
  auto workers = start_workers(4);
  origin.set_load_time(20ms);
  for (int round = 0; round < 5; ++round) {
    const std::uint64_t before = origin.loads("a");
    const std::uint64_t version = origin.write("a");
    ASSERT_TRUE(eventually([&] {
      return server.command({"EXISTS", value_key("a")}).root().integer() == 0 ||
             workers[0]->get(1, "a").got(shared_origin::text_of("a", version)) == 1;
    }));
    const tally all = storm(workers, 50, "a");
    EXPECT_EQ(all.got(shared_origin::text_of("a", version)), 200U) << all.line();
    EXPECT_EQ(all.count("bypassed") + all.count("stale"), 0U) << all.line();
    EXPECT_GE(origin.loads("a"), before + 1);
  }
  EXPECT_EQ(origin.running_max("a"), 1U) << "never two loads at once";
  end(workers);
}

}  // namespace
}  // namespace drover::test::herd_test
