// SPDX-License-Identifier: MIT
// A primary of a real cluster is killed, frozen or relieved while clients use it: nothing but what
// replication loses is lost, keys are loaded at most twice under a lease, and the callers of other
// slots notice nothing.
#include <algorithm>
#include <map>
#include <mutex>

#include "integration/cluster_mix.hpp"

namespace drover::test::cluster_outage_test {
namespace {

/// A replica has what its primary acknowledged so long ago.
constexpr std::uint64_t replication_lag_ns = 2'000'000'000;

class cluster_outage : public mixed_cluster {
 protected:
  cluster_outage() : mixed_cluster{{.node_timeout = 2s}} {
    setup.policy.ttl = 1h;
    setup.patience = 1s;
  }

  [[nodiscard]] bool has_successor(const redis_server& former, std::uint16_t slot) {
    return eventually([&] { return &group.owner_of(slot) != &former; }, cluster_guard);
  }
  /// A new key in a slot of this node.
  [[nodiscard]] std::string key_on(const cluster_view& seen, const redis_server& node) {
    for (;;) {
      std::string key = "n" + std::to_string(++named_);
      if (seen.owner_of(slot_of_key(key))->port == node.port()) return key;
    }
  }

  using event = std::function<void(redis_server& former)>;
  void expect_no_violation_over(const event& begin);
  void expect_few_loads_over(const event& begin);

 private:
  unsigned named_ = 0;
};

// Histories: under the event, an invalidation that was lost binds the process that sent it. When
// it has been repeated, it binds all.
void cluster_outage::expect_no_violation_over(const event& begin) {
  origin.set_load_time(2ms);
  begin_mixing(10'000);
  EXPECT_TRUE(goes_on());
  const std::uint16_t slot = slot_of_key(mixed_key(0));
  redis_server& former = group.owner_of(slot);
  const std::uint64_t began_ns = history_now_ns() - replication_lag_ns;
  begin(former);
  EXPECT_TRUE(has_successor(former, slot));
  EXPECT_TRUE(goes_on());
  expect_no_violation(end_mixing({.began_ns = began_ns}));
  group.await_settled();
  cached_origin elsewhere{origin, setup};
  EXPECT_TRUE(eventually(
      [&] {
        for (unsigned i = 0; i < keys; ++i) {
          const std::string key = mixed_key(i);
          const std::string newest = shared_origin::text_of(key, origin.version(key));
          if (elsewhere.ask(key).value != newest) return false;
        }
        return true;
      },
      cluster_guard))
      << "an invalidation was not repeated";
  begin_mixing(1500);
  const verdict afterwards = end_mixing();
  expect_no_violation(afterwards);
  end_workers();
}

// Loads: of keys that are stored, and of keys that are new in each moment.
void cluster_outage::expect_few_loads_over(const event& begin) {
  constexpr unsigned clients = 3;
  constexpr unsigned threads = 4;
  const cluster_view seen = group.view();
  redis_server& former = *group.nodes[0];
  std::vector<std::string> stored;
  std::vector<std::string> of_others;
  std::vector<std::string> fresh_names;
  for (int i = 0; i < 8; ++i) {
    stored.push_back(key_on(seen, former));
    of_others.push_back(key_on(seen, *group.nodes[i % 2 == 0 ? 1 : 2]));
  }
  for (int i = 0; i < 4000; ++i) fresh_names.push_back(key_on(seen, former));
  std::vector<std::unique_ptr<cached_origin>> caches;
  for (unsigned i = 0; i < clients; ++i) {
    caches.push_back(std::make_unique<cached_origin>(origin, setup));
  }
  for (const auto* list : {&stored, &of_others}) {
    for (const std::string& key : *list) {
      for (const auto& cached : caches) static_cast<void>(cached->ask(key));
    }
  }
  raw_client waiting = former.connect();
  EXPECT_EQ(waiting.command({"SET", value_key(stored[0]) + "x", "1"}).root().is_error(), false);
  ASSERT_TRUE(eventually([&] {
    return waiting.command({"WAIT", "1", "1000"}).root().integer() == 1;
  })) << "the replica has everything";

  origin.set_load_time(2ms);
  std::mutex mutex;
  std::map<std::string, tally> answers;
  std::atomic<bool> ends{false};
  std::atomic<unsigned> asked_elsewhere{0};
  std::atomic<unsigned> fresh_asked{0};
  std::vector<std::thread> callers;
  for (unsigned i = 0; i < clients * threads; ++i) {
    callers.emplace_back([&, i] {
      cached_origin& cached = *caches[i % clients];
      std::map<std::string, tally> own;
      for (unsigned round = 0; !ends; ++round) {
        const unsigned number = fresh_asked++ / (2 * clients * threads);
        const std::string& key = i % 4 == 3 ? of_others[round % of_others.size()]
                                 : round % 2 == 0 || number >= fresh_names.size()
                                     ? stored[round % stored.size()]
                                     : fresh_names[number];
        own[key].add(cached.ask(key));
        if (i % 4 == 3) ++asked_elsewhere;
        std::this_thread::sleep_for(1ms);
      }
      const std::scoped_lock lock{mutex};
      for (const auto& [key, result] : own) {
        for (const auto& [how, count] : result.how) answers[key].how[how] += count;
      }
    });
  }
  const auto others_go_on = [&] {
    const unsigned before = asked_elsewhere;
    return eventually([&] { return asked_elsewhere > before + 50; });
  };
  EXPECT_TRUE(others_go_on());
  begin(former);
  EXPECT_TRUE(others_go_on()) << "while nobody has the slots of the former primary";
  EXPECT_TRUE(has_successor(former, slot_of_key(stored[0])));
  for (const auto& cached : caches) {
    EXPECT_TRUE(eventually(
        [&] {
          return std::ranges::all_of(
              stored, [&](const std::string& key) { return cached->ask(key).how == "fresh"; });
        },
        cluster_guard));
  }
  EXPECT_TRUE(others_go_on());
  ends = true;
  for (std::thread& caller : callers) caller.join();

  unsigned bypassed = 0;
  unsigned loaded_max = 0;
  for (const auto& [key, result] : answers) {
    const bool is_of_others = std::ranges::find(of_others, key) != of_others.end();
    bypassed += result.count("bypassed");
    loaded_max = std::max(loaded_max, result.count("loaded"));
    EXPECT_LE(result.count("loaded"), 2U) << key << ": " << result.line();
    EXPECT_EQ(result.total(), result.count("fresh") + result.count("loaded") +
                                  result.count("joined") + result.count("bypassed"))
        << key << ": " << result.line();
    if (!is_of_others) continue;
    EXPECT_EQ(result.count("fresh"), result.total()) << key << ": " << result.line();
    EXPECT_EQ(origin.loads(key), 1U) << key;
  }
  for (const std::string& key : stored) {
    EXPECT_LE(origin.running_max(key), clients + 1) << "more than one bypass in a process";
  }
  std::printf("%zu keys, %u bypassed calls, at most %u loads of a key under a lease\n",
              answers.size(), bypassed, loaded_max);
}

TEST_F(cluster_outage, OfAKilledPrimaryViolatesNothing) {
  expect_no_violation_over([&](redis_server& former) { group.kill9(former); });
}

TEST_F(cluster_outage, OfAFrozenPrimaryViolatesNothing) {
  expect_no_violation_over([&](redis_server& former) { group.freeze(former); });
}

TEST_F(cluster_outage, ByAnAgreedFailoverViolatesNothing) {
  expect_no_violation_over(
      [&](redis_server& former) { group.fail_over_to(group.replica_of(former)); });
}

TEST_F(cluster_outage, OfAKilledPrimaryCostsFewLoads) {
  expect_few_loads_over([&](redis_server& former) { group.kill9(former); });
}

TEST_F(cluster_outage, OfAFrozenPrimaryCostsFewLoads) {
  expect_few_loads_over([&](redis_server& former) { group.freeze(former); });
}

TEST_F(cluster_outage, ByAnAgreedFailoverCostsFewLoads) {
  expect_few_loads_over(
      [&](redis_server& former) { group.fail_over_to(group.replica_of(former)); });
}

}  // namespace
}  // namespace drover::test::cluster_outage_test
