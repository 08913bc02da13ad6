// SPDX-License-Identifier: MIT
// Slots move between the nodes of a real cluster while clients use keys in them: nobody gets a
// value that was invalidated, no load is repeated, and nothing bypasses Redis.
#include <algorithm>

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

// Each key is loaded once, in whatever phase of the move of its slot somebody asks for it.
TEST_F(resharding, HotPendingAndMissingKeysAreLoadedOnceInEveryPhase) {
  use_long_leases();
  cached_origin cached{origin, setup};
  cached_origin elsewhere{origin, setup};
  const std::vector<slot_move> moves{move_of("k")};
  std::vector<std::string> names;  // keys in this slot
  for (unsigned i = 0; names.size() < 20; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (slot_of_key(key) == moves.front().slot) names.push_back(key);
  }
  std::size_t next = 0;
  const std::string hot = names[next++];
  EXPECT_EQ(cached.ask(hot).how, "loaded");

  struct pending_load {
    std::string key;
    std::unique_ptr<worker> holder;
    std::thread waiter{};
    answer got{};
  };
  std::vector<std::unique_ptr<pending_load>> pending;
  const auto begin_pending = [&] {
    auto begun = std::make_unique<pending_load>();
    begun->key = names[next++];
    begun->holder = start_worker();
    origin.hold(begun->key);
    begun->holder->start(1, begun->key);
    ASSERT_TRUE(loads_run(begun->key));
    const std::uint64_t misses = cached.values.stats().misses;
    begun->waiter = std::thread{[&cached, at = begun.get()] { at->got = cached.ask(at->key); }};
    EXPECT_TRUE(eventually([&] { return cached.values.stats().misses > misses; }));
    pending.push_back(std::move(begun));
  };
  const auto end_pending = [&] {
    pending_load& oldest = *pending.front();
    origin.let_go(oldest.key);
    oldest.waiter.join();
    EXPECT_EQ(oldest.got.how, "joined") << oldest.key;
    EXPECT_EQ(oldest.holder->result().count("loaded"), 1U);
    EXPECT_EQ(origin.loads(oldest.key), 1U) << oldest.key;
    pending.erase(pending.begin());
  };
  const auto ask_in_this_phase = [&](const char* phase) {
    SCOPED_TRACE(phase);
    EXPECT_EQ(cached.ask(hot).how, "fresh");
    EXPECT_EQ(elsewhere.ask(hot).how, "fresh");
    const std::string missing = names[next++];
    EXPECT_EQ(cached.ask(missing).how, "loaded");
    EXPECT_EQ(elsewhere.ask(missing).how, "fresh");
    origin.write(missing);
    EXPECT_TRUE(elsewhere.values.invalidate(missing).has_value());
    EXPECT_EQ(cached.ask(missing).value, "1:" + missing);
    EXPECT_EQ(elsewhere.ask(missing).how, "fresh");
    EXPECT_EQ(origin.loads(missing), 2U);
    begin_pending();
    if (pending.size() > 2) end_pending();
  };
  ask_in_this_phase("before");
  ask_in_this_phase("before, with another pending key");
  group.begin_moves(moves);
  ask_in_this_phase("no key has moved");
  group.move_keys(moves, 2);
  ask_in_this_phase("some keys have moved");
  while (group.move_keys(moves, 100) > 0) {
  }
  ask_in_this_phase("all keys have moved");
  group.end_moves(moves);
  ask_in_this_phase("the slot has moved");
  group.await_settled();
  ask_in_this_phase("all nodes know");
  while (!pending.empty()) end_pending();
  EXPECT_EQ(origin.loads(hot), 1U);
  for (const cached_origin* const one : {&cached, &elsewhere}) {
    EXPECT_EQ(one->values.stats().bypasses, 0U);
    EXPECT_EQ(one->faults(fault_code::unreachable), 0U);
    EXPECT_EQ(one->faults(fault_code::unsupported), 0U);
  }
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
