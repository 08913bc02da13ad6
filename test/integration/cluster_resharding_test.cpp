// SPDX-License-Identifier: MIT
// Slots move between the nodes of a real cluster while clients use keys in them: nobody gets a
// value that was invalidated, no load is repeated, and nothing bypasses Redis.
#include <algorithm>
#include <functional>
#include <map>

#include "integration/cluster_mix.hpp"

namespace drover::test::cluster_resharding_test {
namespace {

class resharding : public mixed_cluster {
 protected:
  // Nothing fails in these tests, so a busy machine must not look like it.
  resharding() : mixed_cluster{{.replicas_each = 0, .node_timeout = 30s}} {}

  /// Another primary with slots than this one.
  [[nodiscard]] redis_server& other_than(const redis_server& node) {
    const auto other = std::ranges::find_if(
        group.nodes, [&](const auto& candidate) { return candidate.get() != &node; });
    return **other;
  }
  [[nodiscard]] slot_move move_of(std::string_view key) {
    const std::uint16_t slot = slot_of_key(key);
    redis_server& from = group.owner_of(slot);
    return {slot, &from, &other_than(from)};
  }
};

TEST_F(resharding, NoGetReturnsWhatWasInvalidatedBeforeIt) {
  setup.policy.ttl = 200ms;
  origin.set_load_time(4ms);
  begin_mixing(8000);
  for (unsigned round = 0; round < keys; ++round) {
    const std::vector<slot_move> moves{move_of(mixed_key(round))};
    group.begin_moves(moves);
    EXPECT_TRUE(goes_on());
    while (group.move_keys(moves, 1) > 0) {
    }
    EXPECT_TRUE(goes_on());
    group.end_moves(moves);
    EXPECT_TRUE(goes_on());
  }
  const verdict result = end_mixing();
  expect_no_violation(result);
  EXPECT_EQ(result.bypassed, 0U);
  end_workers();
}

TEST_F(resharding, NodesThatComeAndGoAreFollowed) {
  setup.policy.ttl = 200ms;
  origin.set_load_time(4ms);
  begin_mixing(8000);
  redis_server& added = group.add_node();
  std::vector<slot_move> moves;
  for (unsigned i = 0; i < keys; i += 2) {
    const std::uint16_t slot = slot_of_key(mixed_key(i));
    if (std::ranges::find(moves, slot, &slot_move::slot) != moves.end()) continue;
    moves.push_back({slot, &group.owner_of(slot), &added});
  }
  group.move_slots(moves);
  EXPECT_TRUE(goes_on());
  EXPECT_TRUE(eventually([&] {
    const resp::message keyspace = added.command({"DBSIZE"});
    return keyspace.root().integer() > 0;
  }));
  for (slot_move& move : moves) std::swap(move.from, move.to);
  group.move_slots(moves);
  group.await_settled();
  group.remove_node(added);
  EXPECT_TRUE(goes_on());
  const verdict result = end_mixing();
  expect_no_violation(result);
  EXPECT_EQ(result.bypassed, 0U);
  end_workers();
}

/// Hot, pending and missing keys of one slot, and two clients that ask for them.
class keys_of_a_slot {
 public:
  keys_of_a_slot(shared_origin& origin, const cache_setup& setup, std::vector<std::string> names,
                 std::function<std::unique_ptr<worker>()> start_holder)
      : origin_{origin},
        cached_{origin, setup},
        elsewhere_{origin, setup},
        names_{std::move(names)},
        start_holder_{std::move(start_holder)},
        hot_{names_.at(next_++)} {
    EXPECT_EQ(cached_.ask(hot_).how, "loaded");
  }

  ~keys_of_a_slot() {
    origin_.let_all_go();
    for (const auto& left : pending_) left->waiter.join();
  }
  keys_of_a_slot(const keys_of_a_slot&) = delete;
  keys_of_a_slot& operator=(const keys_of_a_slot&) = delete;

  /// The hot key stays; a missing one is loaded once, and changed; a load begins that ends two
  /// phases later.
  void ask_in_this_phase(const char* phase) {
    SCOPED_TRACE(phase);
    EXPECT_EQ(cached_.ask(hot_).how, "fresh");
    EXPECT_EQ(elsewhere_.ask(hot_).how, "fresh");
    const std::string missing = names_.at(next_++);
    EXPECT_EQ(cached_.ask(missing).how, "loaded");
    EXPECT_EQ(elsewhere_.ask(missing).how, "fresh");
    origin_.write(missing);
    EXPECT_TRUE(elsewhere_.values.invalidate(missing).has_value());
    EXPECT_EQ(cached_.ask(missing).value, "1:" + missing);
    EXPECT_EQ(elsewhere_.ask(missing).how, "fresh");
    EXPECT_EQ(origin_.loads(missing), 2U);
    begin_pending();
    if (pending_.size() > 2) end_pending();
  }
  void end() {
    while (!pending_.empty()) end_pending();
    EXPECT_EQ(origin_.loads(hot_), 1U);
    for (const cached_origin* const one : {&cached_, &elsewhere_}) {
      EXPECT_EQ(one->values.stats().bypasses, 0U);
      EXPECT_EQ(one->faults(fault_code::unreachable), 0U);
      EXPECT_EQ(one->faults(fault_code::unsupported), 0U);
    }
  }

 private:
  struct pending_load {
    std::string key;
    std::unique_ptr<worker> holder;
    std::thread waiter{};
    answer got{};
  };

  void begin_pending() {
    auto begun = std::make_unique<pending_load>();
    begun->key = names_.at(next_++);
    begun->holder = start_holder_();
    origin_.hold(begun->key);
    begun->holder->start(1, begun->key);
    EXPECT_TRUE(eventually([&] { return origin_.running(begun->key) == 1; }));
    const std::uint64_t misses = cached_.values.stats().misses;
    begun->waiter = std::thread{[this, at = begun.get()] { at->got = cached_.ask(at->key); }};
    EXPECT_TRUE(eventually([&] { return cached_.values.stats().misses > misses; }));
    pending_.push_back(std::move(begun));
  }
  void end_pending() {
    pending_load& oldest = *pending_.front();
    origin_.let_go(oldest.key);
    oldest.waiter.join();
    EXPECT_EQ(oldest.got.how, "joined") << oldest.key;
    EXPECT_EQ(oldest.holder->result().count("loaded"), 1U);
    EXPECT_EQ(origin_.loads(oldest.key), 1U) << oldest.key;
    pending_.erase(pending_.begin());
  }

  shared_origin& origin_;
  cached_origin cached_;
  cached_origin elsewhere_;
  std::vector<std::string> names_;
  std::size_t next_ = 0;
  std::function<std::unique_ptr<worker>()> start_holder_;
  std::string hot_;
  std::vector<std::unique_ptr<pending_load>> pending_;
};

// Each key is loaded once, in whatever phase of the move of its slot somebody asks for it.
TEST_F(resharding, HotPendingAndMissingKeysAreLoadedOnceInEveryPhase) {
  use_long_leases();
  const std::vector<slot_move> moves{move_of("k")};
  std::vector<std::string> names;
  for (unsigned i = 0; names.size() < 20; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (slot_of_key(key) == moves.front().slot) names.push_back(key);
  }
  keys_of_a_slot asked{origin, setup, std::move(names), [&] { return start_worker(); }};
  asked.ask_in_this_phase("before");
  asked.ask_in_this_phase("before, with another pending key");
  group.begin_moves(moves);
  asked.ask_in_this_phase("no key has moved");
  group.move_keys(moves, 2);
  asked.ask_in_this_phase("some keys have moved");
  while (group.move_keys(moves, 100) > 0) {
  }
  asked.ask_in_this_phase("all keys have moved");
  group.end_moves(moves);
  asked.ask_in_this_phase("the slot has moved");
  group.await_settled();
  asked.ask_in_this_phase("all nodes know");
  asked.end();
}

// Each move of a slot redirects the client. However many there are, it asks for the map once a
// second at most.
TEST_F(resharding, AnyNumberOfRedirectsCauseFewRequestsForTheMap) {
  constexpr unsigned slots = 150;
  const auto map_requests = [&] {
    std::uint64_t sum = 0;
    for (const auto& node : group.nodes) sum += calls_of(*node, "cluster|shards");
    return sum;
  };
  cached_origin cached{origin, setup};
  std::map<std::uint16_t, std::string> moving;
  for (unsigned i = 0; moving.size() < slots; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (&group.owner_of(slot_of_key(key)) == group.nodes[0].get()) moving[slot_of_key(key)] = key;
  }
  for (const auto& [slot, key] : moving) EXPECT_EQ(cached.ask(key).how, "loaded");
  const auto began = std::chrono::steady_clock::now();
  const std::uint64_t before = map_requests();
  for (const auto& [slot, key] : moving) {
    group.move_slots({{slot, group.nodes[0].get(), group.nodes[1].get()}});
    EXPECT_EQ(cached.ask(key).how, "fresh") << key;
  }
  const auto took = std::chrono::steady_clock::now() - began;
  const auto seconds = static_cast<std::uint64_t>(took / 1s);
  EXPECT_LE(map_requests() - before, seconds + 1);
  EXPECT_TRUE(eventually([&] { return map_requests() > before; })) << "it is asked for later";
  EXPECT_EQ(cached.values.stats().bypasses, 0U);
}

// A move of one slot concerns no other: entries in other slots are not loaded again.
TEST_F(resharding, CallersOfOtherSlotsAreUndisturbed) {
  cached_origin cached{origin, setup};
  const std::vector<slot_move> moves{move_of("moved")};
  std::vector<std::string> others;
  for (unsigned i = 0; others.size() < 30; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (slot_of_key(key) == moves.front().slot) continue;
    EXPECT_EQ(cached.ask(key).how, "loaded");
    others.push_back(key);
  }
  EXPECT_EQ(cached.ask("moved").how, "loaded");
  std::atomic<bool> ends{false};
  std::atomic<unsigned> asked{0};
  std::atomic<unsigned> not_fresh{0};
  std::thread caller{[&] {
    for (std::size_t i = 0; !ends; ++i, ++asked) {
      if (cached.ask(others[i % others.size()]).how != "fresh") ++not_fresh;
    }
  }};
  const auto others_go_on = [&] {
    const unsigned before = asked;
    return eventually([&] { return asked > before + 2 * others.size(); });
  };
  for (int round = 0; round < 4; ++round) {
    const std::vector<slot_move> again{move_of("moved")};
    group.begin_moves(again);
    EXPECT_TRUE(others_go_on());
    group.move_keys(again, 10);
    EXPECT_EQ(cached.ask("moved").how, "fresh");
    EXPECT_TRUE(others_go_on());
    group.end_moves(again);
    EXPECT_EQ(cached.ask("moved").how, "fresh");
    EXPECT_TRUE(others_go_on());
    group.await_settled();
  }
  ends = true;
  caller.join();
  EXPECT_EQ(not_fresh, 0U);
  EXPECT_EQ(cached.values.stats().bypasses, 0U);
}

}  // namespace
}  // namespace drover::test::cluster_resharding_test
