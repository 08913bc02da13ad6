// SPDX-License-Identifier: MIT
#include "audit/engine/engine.hpp"

#include <gtest/gtest.h>

#include "audit/engine/listener_for_test.hpp"

namespace drover::audit::engine_test {
namespace {

using namespace testing;

TEST(audit_engine, ANaiveStampedeIsOneColdEventWithALoadForEachWhoMissed) {
  stage world;
  for (std::uint64_t i = 1; i <= 12; ++i) {
    world.at(1ms * i).client(i).get("user:42").miss();
    world.at(100ms + 1ms * i).client(i).set("user:42", "v").px(60s).ok();
  }
  const listener::facts facts = collect_facts(world);
  ASSERT_EQ(facts.cold.size(), 1U);
  const cold_event& event = facts.cold[0];
  EXPECT_EQ(event.demand.misses, 12U);
  EXPECT_EQ(event.demand.requests, 12U);
  EXPECT_EQ(event.loading.count, 12U);
  EXPECT_EQ(event.demand.processes, 12U);
  EXPECT_EQ(event.loading.processes, 12U);
  EXPECT_EQ(event.loading.most_by_one_process, 1U);
  EXPECT_TRUE(event.demand.contended);
  EXPECT_TRUE(event.lock_attempts.empty());
  EXPECT_EQ(facts.loads.size(), 12U);
  ASSERT_EQ(facts.roles.size(), 1U);
  EXPECT_EQ(facts.roles[0].first, "user:*");
  EXPECT_EQ(facts.roles[0].second, key_role::value);
}

/// One client wins the lock and loads. The others lose the lock and poll.
void play_correct_lock(stage& world, std::chrono::milliseconds begin, const std::string& key,
                       const std::string& token) {
  const std::string lock = "lock:" + key;
  for (std::uint64_t i = 1; i <= 4; ++i) world.at(begin + 1ms * i).client(i).get(key).miss();
  world.at(begin + 5ms).client(1).set(lock, token).nx().px(5000ms).ok();
  for (std::uint64_t i = 2; i <= 4; ++i) {
    world.at(begin + 5ms + 1ms * i)
        .client(i)
        .set(lock, token + std::to_string(i))
        .nx()
        .px(5000ms)
        .nil();
  }
  world.at(begin + 10ms).client(1).get(key).miss();
  for (std::uint64_t poll = 1; poll <= 4; ++poll) {
    for (std::uint64_t i = 2; i <= 4; ++i) {
      world.at(begin + 25ms * poll + 1ms * i).client(i).get(key).miss();
    }
  }
  world.at(begin + 110ms).client(1).set(key, "v").px(60s).ok();
  world.at(begin + 111ms).client(1).compare_and_delete(lock, token).answers(1);
  for (std::uint64_t i = 2; i <= 4; ++i) {
    world.at(begin + 125ms + 1ms * i).client(i).get(key).hit("v");
  }
}

TEST(audit_engine, ACorrectLockIsOneLoadUnderOneTenure) {
  stage world;
  play_correct_lock(world, 0ms, "user:42", "t1");
  const listener::facts facts = collect_facts(world);
  ASSERT_EQ(facts.cold.size(), 1U);
  const cold_event& event = facts.cold[0];
  EXPECT_EQ(event.loading.count, 1U);
  EXPECT_EQ(event.demand.requests, 4U);
  EXPECT_TRUE(event.demand.contended);
  ASSERT_EQ(event.lock_attempts.size(), 1U);
  EXPECT_EQ(event.lock_attempts[0].won, 1U);
  EXPECT_EQ(event.lock_attempts[0].lost, 3U);
  EXPECT_EQ(event.lock_attempts[0].affinity, 3);
  EXPECT_TRUE(event.waiting.losers_satisfied);
  ASSERT_EQ(facts.lock_holds.size(), 1U);
  const lock_hold& holder = facts.lock_holds[0];
  EXPECT_EQ(holder.end.kind, lock_hold::ending::compare_removed);
  EXPECT_EQ(holder.ttl.duration, moment(5000ms));
  EXPECT_EQ(holder.contention.losses, 3U);
  EXPECT_TRUE(holder.value.missed);
  EXPECT_TRUE(holder.value.looked_again);
  EXPECT_EQ(holder.value.store_count, 1U);
  ASSERT_EQ(facts.loads.size(), 1U);
  EXPECT_EQ(facts.loads[0].lock_hold, holder.number);
  for (const auto& [pattern, role] : facts.roles) {
    EXPECT_EQ(role, pattern == "user:*" ? key_role::value : key_role::lock) << pattern;
  }
}

TEST(audit_engine, ADeleteThatTheServerRefusedDeletesNothing) {
  stage world;
  world.at(0ms).client(1).get("user:1").miss();
  world.at(20ms).client(1).set("user:1", "v").px(60s).ok();
  world.at(300ms).client(1).get("user:1").hit("v");
  world.at(320ms).client(2).del("user:1").error("READONLY");
  world.at(400ms).client(1).set("user:1", "w").px(60s).ok();
  const listener::facts facts = collect_facts(world);
  ASSERT_EQ(facts.refreshes.size(), 1U);
  EXPECT_EQ(facts.refreshes[0].ttl, moment(60s));
}

TEST(audit_engine, JudgesOnlyTheKeysOfASample) {
  stage world;
  world.begun.keys_per_million = all_keys / 2;
  std::string examined = "user:0";
  std::string other = "user:0";
  for (int id = 1; !in_share(place_of(examined, false), all_keys / 2); ++id) {
    examined = "user:" + std::to_string(id);
  }
  for (int id = 1; in_share(place_of(other, false), all_keys / 2); ++id) {
    other = "user:" + std::to_string(id);
  }
  // The capture contains a command of both for the sake of one.
  world.at(0ms).client(1).command("MGET").key(other).key(examined).elements({"", ""});
  world.at(20ms).client(1).set(examined, "v").px(60s).ok();
  world.at(30ms).client(1).command("MGET").key(other).key(examined).elements({"", "v"});
  world.tell(origin_loads{30ms, 1, examined, "log"}).tell(origin_loads{30ms, 5, other, "log"});
  world.tell(origin_loads{30ms, 70, "", "counter"});
  const listener::facts facts = collect_facts(world);
  ASSERT_EQ(facts.cold.size(), 1U);
  const audit_result result = world.judged_by({});
  EXPECT_EQ(result.run.keys, 1U);
  EXPECT_DOUBLE_EQ(result.run.sampled_share, 0.5);
  EXPECT_EQ(result.run.origin_loads, 1U) << "the load of the examined key";
  ASSERT_EQ(result.remarks.size(), 1U);
  EXPECT_NE(result.remarks[0].find("70 loads"), std::string::npos) << result.remarks[0];
}

}  // namespace
}  // namespace drover::audit::engine_test
