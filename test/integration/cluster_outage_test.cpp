// SPDX-License-Identifier: MIT
// A primary of a real cluster is killed, frozen or relieved while clients use it: nothing but what
// replication loses is lost, keys are loaded at most twice under a lease, and the callers of other
// slots notice nothing.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>

#include "integration/cluster_mix.hpp"

namespace drover::test::cluster_outage_test {
namespace {

/// A replica has what its primary acknowledged so long ago.
constexpr std::uint64_t replication_lag_ns = 2'000'000'000;

/// How long callers wait for a frozen server. No other server is silent for so long.
constexpr auto frozen_max = 4s;

class steady_callers;

class cluster_outage : public mixed_cluster {
 protected:
  cluster_outage() : mixed_cluster{{.node_timeout = 3s}} { setup.policy.ttl = 1h; }

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

  [[nodiscard]] std::uint64_t loads_of(const std::vector<std::string>& names) const {
    std::uint64_t sum = 0;
    for (const std::string& key : names) sum += origin.loads(key);
    return sum;
  }

  using event = std::function<void(redis_server& former)>;
  void expect_no_violation_over(const event& begin);
  void expect_few_loads_over(const event& begin);
  void expect_few_loads(const steady_callers& callers) const;

 private:
  unsigned named_ = 0;
};

// Histories: under the event, an invalidation that was lost binds the process that sent it. When
// it has been repeated, it binds all.
void cluster_outage::expect_no_violation_over(const event& begin) {
  origin.set_load_time(2ms);
  begin_mixing(12'000);
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

// --- loads

constexpr unsigned clients = 3;
constexpr unsigned threads_each = 4;

/// Callers of several clients, and what they get for each key.
class steady_callers {
 public:
  struct key_lists {
    std::vector<std::string> stored;     ///< at the node with the event
    std::vector<std::string> new_ones;   ///< at the same node, loaded during the run
    std::vector<std::string> of_others;  ///< stored at other nodes
  };

  steady_callers(shared_origin& origin, const cache_setup& setup, key_lists lists)
      : lists_{std::move(lists)} {
    for (unsigned i = 0; i < clients; ++i) {
      caches_.push_back(std::make_unique<cached_origin>(origin, setup));
    }
  }
  ~steady_callers() { end(); }
  steady_callers(const steady_callers&) = delete;
  steady_callers& operator=(const steady_callers&) = delete;

  void ask_also_for(std::vector<std::string> new_ones) { lists_.new_ones = std::move(new_ones); }
  void begin() {
    for (unsigned i = 0; i < clients * threads_each; ++i) {
      threads_.emplace_back([this, i] { call(i); });
    }
  }
  void end() {
    ends_ = true;
    for (std::thread& caller : std::exchange(threads_, {})) caller.join();
  }
  /// True when the callers of other nodes make progress.
  [[nodiscard]] bool others_go_on() const {
    const unsigned before = of_others_asked_;
    return eventually([&] { return of_others_asked_ > before + 50; });
  }
  /// True when all clients get all keys from their nodes.
  [[nodiscard]] bool all_is_well() {
    return eventually(
        [&] {
          return std::ranges::all_of(caches_, [&](const auto& cached) {
            const auto is_fresh = [&](const std::string& key) {
              return cached->ask(key).how == "fresh";
            };
            return std::ranges::all_of(lists_.stored, is_fresh) &&
                   std::ranges::all_of(lists_.of_others, is_fresh);
          });
        },
        cluster_guard);
  }
  [[nodiscard]] const key_lists& lists() const { return lists_; }
  [[nodiscard]] const std::map<std::string, tally>& answers() const { return answers_; }

 private:
  // A quarter of the threads ask for keys of other nodes. Each new key is asked for by all others.
  void call(unsigned number) {
    cached_origin& cached = *caches_[number % clients];
    const bool is_of_others = number % 4 == 3;
    std::map<std::string, tally> own;
    for (unsigned round = 0; !ends_; ++round) {
      const unsigned new_one = new_asked_++ / (2 * clients * threads_each);
      const std::string* key = &lists_.stored[round % lists_.stored.size()];
      if (is_of_others) key = &lists_.of_others[round % lists_.of_others.size()];
      if (!is_of_others && round % 2 != 0 && new_one < lists_.new_ones.size()) {
        key = &lists_.new_ones[new_one];
      }
      own[*key].add(cached.ask(*key));
      if (is_of_others) ++of_others_asked_;
      std::this_thread::sleep_for(1ms);
    }
    const std::scoped_lock lock{mutex_};
    for (const auto& [key, result] : own) {
      for (const auto& [how, count] : result.how) answers_[key].how[how] += count;
    }
  }

  key_lists lists_;
  std::vector<std::unique_ptr<cached_origin>> caches_;
  std::mutex mutex_;
  std::map<std::string, tally> answers_;
  std::atomic<bool> ends_{false};
  std::atomic<unsigned> of_others_asked_{0};
  std::atomic<unsigned> new_asked_{0};
  std::vector<std::thread> threads_;
};

void cluster_outage::expect_few_loads_over(const event& begin) {
  const cluster_view seen = group.view();
  redis_server& former = *group.nodes[0];
  steady_callers::key_lists lists;
  for (std::size_t i = 0; i < 8; ++i) {
    lists.stored.push_back(key_on(seen, former));
    lists.of_others.push_back(key_on(seen, *group.nodes[1 + i % 2]));
  }
  steady_callers callers{origin, setup, std::move(lists)};
  ASSERT_TRUE(callers.all_is_well());
  // The origin counts the loads of some keys together: none with those above.
  std::vector<std::string> new_ones;
  while (new_ones.size() < 3000) {
    std::string key = key_on(seen, former);
    if (origin.loads(key) == 0) new_ones.push_back(std::move(key));
  }
  callers.ask_also_for(std::move(new_ones));
  const std::uint64_t loads_before = loads_of(callers.lists().of_others);
  raw_client waiting = former.connect();
  const std::string last = value_key(callers.lists().stored[0]) + "x";
  EXPECT_FALSE(waiting.command({"SET", last, "1"}).root().is_error());
  ASSERT_TRUE(eventually([&] {
    return waiting.command({"WAIT", "1", "1000"}).root().integer() == 1;
  })) << "the replica has everything";

  origin.set_load_time(2ms);
  callers.begin();
  EXPECT_TRUE(callers.others_go_on());
  begin(former);
  EXPECT_TRUE(callers.others_go_on()) << "while nobody has the slots of the former primary";
  EXPECT_TRUE(has_successor(former, slot_of_key(callers.lists().stored[0])));
  EXPECT_TRUE(callers.all_is_well());
  EXPECT_TRUE(callers.others_go_on());
  callers.end();
  EXPECT_EQ(loads_of(callers.lists().of_others), loads_before);
  expect_few_loads(callers);
}

void cluster_outage::expect_few_loads(const steady_callers& callers) const {
  unsigned bypassed = 0;
  unsigned loaded_max = 0;
  for (const auto& [key, result] : callers.answers()) {
    SCOPED_TRACE(key + ": " + result.line());
    bypassed += result.count("bypassed");
    loaded_max = std::max(loaded_max, result.count("loaded"));
    EXPECT_LE(result.count("loaded"), 2U);
    EXPECT_EQ(result.total(), result.count("fresh") + result.count("loaded") +
                                  result.count("joined") + result.count("bypassed"));
  }
  for (const std::string& key : callers.lists().of_others) {
    const tally& result = callers.answers().at(key);
    EXPECT_EQ(result.count("fresh"), result.total()) << key << ": " << result.line();
  }
  for (const std::string& key : callers.lists().stored) {
    EXPECT_LE(origin.running_max(key), clients + 1) << "more than one bypass in a process";
  }
  std::printf("%zu keys, %u bypassed calls, at most %u loads of a key under a lease\n",
              callers.answers().size(), bypassed, loaded_max);
}

TEST_F(cluster_outage, OfAKilledPrimaryViolatesNothing) {
  expect_no_violation_over([&](redis_server& former) { group.kill9(former); });
}

TEST_F(cluster_outage, OfAFrozenPrimaryViolatesNothing) {
  setup.patience = frozen_max;
  expect_no_violation_over([&](redis_server& former) { group.freeze(former); });
}

TEST_F(cluster_outage, ByAnAgreedFailoverViolatesNothing) {
  expect_no_violation_over(
      [&](redis_server& former) { group.fail_over_to(group.replica_of(former)); });
}

// By default a cluster serves no slot while one has no owner. All calls bypass it then, and none
// fails.
TEST(cluster_that_needs_all_slots, ServesAllAgainAfterAFailover) {
  ::alarm(is_sanitized ? 580 : 280);
  cluster_servers group{{.node_timeout = 2s, .needs_all_slots = true}};
  shared_origin origin;
  cache_setup setup;
  setup.url = group.url();
  setup.policy.ttl = 1h;
  cached_origin cached{origin, setup};
  redis_server& former = *group.nodes[0];
  std::vector<std::string> names;
  for (int i = 0; i < 12; ++i) names.push_back("k" + std::to_string(i));
  const auto are_all_fresh = [&] {
    return std::ranges::all_of(
        names, [&](const std::string& key) { return cached.ask(key).how == "fresh"; });
  };
  ASSERT_TRUE(eventually(are_all_fresh));
  group.kill9(former);
  tally seen;
  ASSERT_TRUE(eventually(
      [&] {
        for (const std::string& key : names) seen.add(cached.ask(key));
        return seen.count("bypassed") > 0 && group.is_settled() && are_all_fresh();
      },
      cluster_guard));
  EXPECT_EQ(seen.total(), seen.count("fresh") + seen.count("bypassed") + seen.count("loaded") +
                              seen.count("joined"))
      << seen.line();
  ::alarm(0);
}

TEST_F(cluster_outage, OfAKilledPrimaryCostsFewLoads) {
  expect_few_loads_over([&](redis_server& former) { group.kill9(former); });
}

TEST_F(cluster_outage, OfAFrozenPrimaryCostsFewLoads) {
  setup.patience = frozen_max;
  expect_few_loads_over([&](redis_server& former) { group.freeze(former); });
}

TEST_F(cluster_outage, ByAnAgreedFailoverCostsFewLoads) {
  expect_few_loads_over(
      [&](redis_server& former) { group.fail_over_to(group.replica_of(former)); });
}

}  // namespace
}  // namespace drover::test::cluster_outage_test
