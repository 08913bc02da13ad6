// SPDX-License-Identifier: MIT
// C103: waiters that load past the lock, and traffic that resembles them.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"
#include "audit/rules/stampedes_for_test.hpp"

namespace drover::audit::fallback_rules_test {
namespace {

using namespace testing;
using status = coverage_line::status;
using std::chrono::microseconds;

/// Three of four clients lose the lock, wait a little, and load all the same.
void losers_store(stage& world, microseconds begin, const std::string& key) {
  for (std::uint64_t i = 1; i <= 4; ++i) {
    world.at(begin + 1ms * i).client(i).get(key).miss();
    world.at(begin + 10ms + 1ms * i)
        .client(i)
        .set("lock:" + key, "t" + std::to_string(i))
        .nx()
        .px(5s)
        .reply(i == 1);
    if (i > 1) world.at(begin + 60ms + 1ms * i).client(i).get(key).miss();
  }
  for (std::uint64_t i = 2; i <= 4; ++i) {
    world.at(begin + 260ms + 1ms * i).client(i).set(key, "v").px(60s).ok();
  }
  world.at(begin + 300ms).client(1).set(key, "v").px(60s).ok();
  world.at(begin + 301ms).client(1).compare_and_delete("lock:" + key, "t1").answers(1);
}

TEST(audit_c103, IsRaisedWhenWhoLostTheLockStores) {
  stage world;
  losers_store(world, 0ms, "user:42");
  const audit_result once = world.judged_by(all_rules());
  ASSERT_NE(find_finding(once, "C103"), nullptr);
  EXPECT_EQ(find_finding(once, "C103")->severity, severity::warning) << "seen once, no proof";
  losers_store(world, 1s, "user:43");
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C103");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->confidence, confidence::strong);
}

/// Waiters poll every 25 ms and give up long before the holder stores.
void gives_up(stage& world, microseconds begin, const std::string& key) {
  const std::string lock = "lock:" + key;
  for (std::uint64_t i = 1; i <= 3; ++i) {
    world.at(begin + 1ms * i).client(i).get(key).miss();
    world.at(begin + 10ms + 1ms * i)
        .client(i)
        .set(lock, "t" + std::to_string(i))
        .nx()
        .px(5s)
        .reply(i == 1);
  }
  for (int poll = 1; poll <= 8; ++poll) {
    for (std::uint64_t i = 2; i <= 3; ++i) {
      world.at(begin + 10ms + 25ms * poll + 1ms * i).client(i).get(key).miss();
    }
  }
  world.at(begin + 700ms).client(1).set(key, "v").px(60s).ok();
  world.at(begin + 701ms).client(1).compare_and_delete(lock, "t1").answers(1);
}

TEST(audit_c103, IsSuspectedWhenAllWaitersFallSilent) {
  stage world;
  for (int id = 1; id <= 3; ++id) gives_up(world, 1s * id, key_of(id));
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C103");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->confidence, confidence::suspected);
}

TEST(audit_c103, IsSuspectedThoughTheyComeBackAfterTheirOwnLoads) {
  stage world;
  for (int id = 1; id <= 3; ++id) {
    gives_up(world, 2s * id, key_of(id));
    for (std::uint64_t i = 2; i <= 3; ++i) {
      world.at(2s * id + 910ms + 1ms * i).client(i).get(key_of(id)).hit("v");
    }
    // With a pool, the holder's connection is one on which another caller failed to take the lock.
    world.at(2s * id + 30ms).client(1).set("lock:" + key_of(id), "t4").nx().px(5s).reply(false);
    world.at(2s * id + 705ms).client(1).get(key_of(id)).hit("v");
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C103");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->confidence, confidence::suspected);
}

TEST(audit_c103, IsSilentForLosersThatHaveTheValueAsSoonAsItIsThere) {
  stage world;
  for (int id = 1; id <= 3; ++id) {
    gives_up(world, 2s * id, key_of(id));
    world.at(2s * id + 705ms).client(2).get(key_of(id)).hit("v");
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C103"), nullptr);
}

TEST(audit_c103, IsProvedByTheOrigin) {
  stage world;
  for (int id = 1; id <= 3; ++id) {
    gives_up(world, 1s * id, key_of(id));
    for (int load = 0; load < 3; ++load) {
      world.at(1s * id + 20ms + 100ms * load).tell(origin_loads{world.now(), 1, key_of(id), "log"});
    }
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C103");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->confidence, confidence::proof);
}

TEST(audit_c103, IsAnErrorIfACounterWithoutKeysHasTheirLoads) {
  for (const unsigned loads : {3U, 1U}) {
    stage world;
    for (int id = 1; id <= 3; ++id) {
      gives_up(world, 1s * id, key_of(id));
      world.at(1s * id + 300ms).tell(origin_loads{world.now(), loads, "", "redis 127.0.0.1:1 n"});
    }
    const audit_result result = world.judged_by(all_rules());
    const finding* const finding = find_finding(result, "C103");
    ASSERT_NE(finding, nullptr);
    EXPECT_EQ(finding->severity, loads == 3 ? severity::error : severity::warning);
    EXPECT_EQ(finding->confidence, loads == 3 ? confidence::strong : confidence::suspected);
  }
}

TEST(audit_c103, IsSilentForWaitersThatAreTold) {
  stage world;
  world.at(0ms).client(1).command("CLIENT TRACKING").word("ON").ok();
  world.at(0ms).client(2).command("SUBSCRIBE").value("news").items(3);
  world.at(0ms).client(3).command("SUBSCRIBE").value("news").items(3);
  for (int id = 1; id <= 3; ++id) gives_up(world, 1s * id, key_of(id));
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C103"), nullptr);
}

TEST(audit_c103, IsSilentForABackOffThatDoubles) {
  stage world;
  for (int id = 1; id <= 3; ++id) {
    const microseconds begin = 4s * id;
    const std::string key = key_of(id);
    world.at(begin).client(1).get(key).miss();
    world.at(begin + 1ms).client(1).set("lock:" + key, "a").nx().px(10s).ok();
    world.at(begin + 2ms).client(2).get(key).miss();
    world.at(begin + 3ms).client(2).set("lock:" + key, "b").nx().px(10s).nil();
    microseconds at = begin + 3ms;
    for (microseconds pause = 20ms; at + pause < begin + 1500ms; pause *= 2) {
      at += pause;
      world.at(at).client(2).get(key).miss();
    }
    world.at(begin + 1500ms).client(1).set(key, "v").px(60s).ok();
    world.at(begin + 1501ms).client(1).compare_and_delete("lock:" + key, "a").answers(1);
    world.at(begin + 2600ms).client(2).get(key).hit("v");
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C103"), nullptr);
}

/// A reader hits the value just before it expires and refreshes it without the lock. Meanwhile a
/// reader of the same pool misses and takes the lock.
TEST(audit_c103, TakesNoEarlyRefreshForALoadPastTheLock) {
  stage world;
  world.belongs(500, {1, 2, 3}).belongs(600, {4});
  world.at(0ms).client(1).get("user:1").miss();
  world.at(1ms).client(1).set("lock:user:1", "t").nx().px(3s).ok();
  world.at(3ms).client(4).get("user:1").miss();
  world.at(4ms).client(4).set("lock:user:1", "o").nx().px(3s).nil();
  world.at(81ms).client(1).set("user:1", "v").px(2s).ok();
  world.at(82ms).client(1).compare_and_delete("lock:user:1", "t").answers(1);
  world.at(95ms).client(4).get("user:1").hit("v");
  world.at(1'000ms).client(3).get("user:1").hit("v");
  world.at(1'080ms).client(3).set("user:1", "v").px(2'200ms).ok();  // a refresh before expiry
  for (int turn = 1; turn <= 3; ++turn) {
    const microseconds end = 1'080ms + 2'200ms * turn;
    const std::string token = "t" + std::to_string(turn);
    world.at(end - 60ms).client(3).get("user:1").hit("v");
    world.at(end + 1ms).client(2).get("user:1").miss();
    world.at(end + 2ms).client(1).get("user:1").miss();
    world.at(end + 3ms).client(2).set("lock:user:1", token).nx().px(3s).ok();
    world.at(end + 4ms).client(1).set("lock:user:1", "o").nx().px(3s).nil();
    world.at(end + 5ms).client(2).exists("user:1").answers(0);
    world.at(end + 20ms).client(3).set("user:1", "v").px(2s).ok();  // a refresh after expiry
    world.at(end + 30ms).client(1).get("user:1").hit("v");
    world.at(end + 86ms).client(2).set("user:1", "v").px(2s).ok();
    world.at(end + 87ms).client(2).compare_and_delete("lock:user:1", token).answers(1);
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C103"), nullptr);
  EXPECT_EQ(find_finding(result, "C101"), nullptr);
}

}  // namespace
}  // namespace drover::audit::fallback_rules_test
