// SPDX-License-Identifier: MIT
// C401: old values that are stored after an invalidation, and traffic that resembles them.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"
#include "audit/rules/known_loads_for_test.hpp"

namespace drover::audit::stale_set_rules_test {
namespace {

using namespace testing;
using status = coverage_line::status;

TEST(audit_c401, IsRaisedWhenAReaderStoresWhatAWriterHadInvalidated) {
  stage world = with_loads();
  for (int i = 0; i < 2; ++i) {
    world.at(1s + 1s * i).client(1).get(user).miss();
    world.at(1s + 1s * i + 20ms).client(2).del(user).answers(0);
    world.at(1s + 1s * i + 40ms).client(1).set(user, "old").px(60s).ok();
    world.at(1s + 1s * i + 100ms).client(3).get(user).hit("old");
    world.at(1s + 1s * i + 500ms).client(2).del(user).answers(1);
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C401");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->confidence, confidence::proof);
  EXPECT_EQ(finding->count, 2U);
  EXPECT_EQ(coverage_of(result, "C401"), status::fail);
}

/// A reader stores an old value after the delete of a writer, which deletes again `after` it, if
/// that is not 0.
stage deleted_twice(std::chrono::milliseconds after) {
  stage world = with_loads();
  for (int i = 0; i < 4; ++i) {
    const auto begin = 3s * (i + 1);
    world.at(begin).client(1).get(user).miss();
    world.at(begin + 20ms).client(2).del(user).answers(0);
    world.at(begin + 40ms).client(1).set(user, "old").px(60s).ok();
    world.at(begin + 60ms).client(3).get(user).hit("old");
    if (after > 0ms) world.at(begin + 20ms + after).client(2).del(user).answers(1);
    world.at(begin + 2s).client(3).get(user).hit("old");
  }
  return world;
}

TEST(audit_c401, IsAHintWhenASecondDeleteRemovesTheOldValue) {
  const audit_result twice = deleted_twice(300ms).judged_by(all_rules());
  ASSERT_NE(find_finding(twice, "C401"), nullptr);
  EXPECT_EQ(find_finding(twice, "C401")->severity, severity::info);
  stage late = deleted_twice(300ms);  // one load outlasts both deletes
  late.at(20s).client(1).get(user).miss();
  late.at(20s + 10ms).client(2).del(user).answers(0);
  late.at(20s + 110ms).client(2).del(user).answers(0);
  late.at(20s + 130ms).client(1).set(user, "old").px(60s).ok();
  late.at(21s).client(3).get(user).hit("old");
  const audit_result outlasted = late.judged_by(all_rules());
  ASSERT_NE(find_finding(outlasted, "C401"), nullptr);
  EXPECT_EQ(find_finding(outlasted, "C401")->severity, severity::info);
  EXPECT_NE(find_finding(outlasted, "C401")->message.find("1 came back after both"),
            std::string::npos);
  const audit_result once = deleted_twice(0ms).judged_by(all_rules());
  ASSERT_NE(find_finding(once, "C401"), nullptr);
  EXPECT_EQ(find_finding(once, "C401")->severity, severity::error);
  // The next delete at the usual pace of the writer is no second one.
  const audit_result paced = deleted_twice(1500ms).judged_by(all_rules());
  ASSERT_NE(find_finding(paced, "C401"), nullptr);
  EXPECT_EQ(find_finding(paced, "C401")->severity, severity::error);
}

TEST(audit_c401, IsSilentForAReaderThatDeletesWhatItReadItselfWhileOthersRead) {
  stage world = with_loads();
  for (int i = 0; i < 3; ++i) {
    const auto begin = 1s * (i + 1);
    world.at(begin).client(1).get(user).miss();
    world.at(begin + 10ms).client(2).get(user).hit("expired");
    world.at(begin + 11ms).client(3).get(user).hit("expired");
    world.at(begin + 12ms).client(2).del(user).answers(1);
    world.at(begin + 40ms).client(1).set(user, "v").px(60s).ok();
    world.at(begin + 60ms).client(3).get(user).hit("v");
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C401"), nullptr);
}

TEST(audit_c401, IsSilentForTheTimerThatEndsAValue) {
  // The process that stores a value deletes it when its ttl ends, while another one loads.
  stage world = with_loads();
  for (int i = 0; i < 4; ++i) {
    const auto begin = 1s * (i + 1);
    world.at(begin).client(1).set(user, "v").px(800ms).ok();
    world.at(begin + 400ms).client(3).get(user).hit("v");
    world.at(begin + 770ms).client(2).get(user).miss();
    world.at(begin + 801ms).client(1).del(user).answers(0);
    world.at(begin + 820ms).client(2).set(user, "v").px(100ms).ok();
    world.at(begin + 830ms).client(3).get(user).hit("v");
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C401"), nullptr);
}

TEST(audit_c401, IsSilentForAnyProcessThatDeletesAValueAtItsEnd) {
  // The values carry their own end. A process other than the last loader reads one that has ended
  // and deletes it over a shared connection, while a third one loads.
  stage world = with_loads();
  for (int i = 0; i < 4; ++i) {
    const auto begin = 1s * (i + 1);
    world.at(begin).client(1).set(user, "v").px(800ms).ok();
    world.at(begin + 400ms).client(3).get(user).hit("v");
    world.at(begin + 795ms).client(2).get(user).miss();
    world.at(begin + 806ms).client(3).del(user).answers(0);
    world.at(begin + 840ms).client(2).set(user, "v").px(100ms).ok();
    world.at(begin + 850ms).client(3).get(user).hit("v");
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C401"), nullptr);
}

/// Two processes store the same pages several times, and each store starts a timer that deletes the
/// key at its end, `late` after it. The deletes come while others load the page anew. `deleter` is
/// the process that deletes; 0: that which has stored.
stage pages_with_timers(const std::string& key, std::chrono::milliseconds late,
                        std::uint64_t deleter, int invalidations = 0, bool in_two_steps = false) {
  stage world = with_loads(key.c_str());
  for (int i = 0; i < 5; ++i) {
    const auto begin = 2s * (i + 1);
    for (std::uint64_t process = 1; process <= 2; ++process) {
      const auto at = begin + 20ms * process;
      world.at(at).client(process).get(key).miss();
      world.at(at + 1ms).client(process).get(key).miss();
      for (int store = 0; store < 3; ++store) {
        const auto stored = at + 40ms + 10ms * store;
        if (in_two_steps) {
          world.at(stored).client(process).hset(key, "v").answers(store == 0 ? 1 : 0);
          world.at(stored + 1ms).client(process).expire(key, 1s).answers(1);
        } else {
          world.at(stored).client(process).set(key, "v").px(1s).ok();
        }
        const auto end = at + 1040ms + 10ms * store + late;
        world.at(end).client(deleter == 0 ? process : deleter).del(key).answers(0);
      }
    }
    world.at(begin + 300ms).client(3).get(key).hit("v");
    world.at(begin + 1060ms).client(3).get(key).miss();
    world.at(begin + 1150ms + late).client(3).set(key, "w").px(100ms).ok();
    if (i >= invalidations) continue;
    world.at(begin + 1500ms).client(3).get(key).miss();
    world.at(begin + 1520ms).client(4).del(key).answers(0);
    world.at(begin + 1545ms).client(3).set(key, "old").px(100ms).ok();
  }
  return world;
}

TEST(audit_c401, IsSilentForTimersOfEarlierStores) {
  for (const char* const key : {"user:42", "/pages/start", "cache.page.7"}) {
    for (const auto late : {1ms, 60ms, 200ms}) {
      const audit_result result = pages_with_timers(key, late, 0).judged_by(all_rules());
      EXPECT_EQ(find_finding(result, "C401"), nullptr) << key << ' ' << late.count();
      const audit_result twice = pages_with_timers(key, late, 0, 0, true).judged_by(all_rules());
      EXPECT_EQ(find_finding(twice, "C401"), nullptr) << key << ' ' << late.count();
    }
  }
}

TEST(audit_c401, SeesTheInvalidationsAmongTimers) {
  const audit_result result = pages_with_timers("user:42", 1ms, 0, 3).judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C401"), nullptr);
  EXPECT_EQ(find_finding(result, "C401")->count, 3U);
  EXPECT_EQ(find_finding(result, "C401")->severity, severity::error);
}

TEST(audit_c401, KnowsNoTimersOfOtherProcesses) {
  // Nobody but process 1 knows when its earlier stores end.
  const audit_result result = pages_with_timers("user:42", 120ms, 9).judged_by(all_rules());
  EXPECT_NE(find_finding(result, "C401"), nullptr);
}

TEST(audit_c401, SeesLoadsUnderALockAsWell) {
  stage world = with_loads();
  world.at(1s).client(1).get(user).miss();
  world.at(1s + 1ms).client(1).set("lock:user:42", "t").nx().px(5s).ok();
  world.at(1s + 2ms).client(1).get(user).miss();
  world.at(1s + 20ms).client(2).del(user).answers(0);
  world.at(1s + 42ms).client(1).set(user, "old").px(60s).ok();
  world.at(1s + 43ms).client(1).compare_and_delete("lock:user:42", "t").answers(1);
  world.at(2s).client(3).get(user).hit("old");
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C401"), nullptr);
  EXPECT_EQ(find_finding(result, "C401")->confidence, confidence::strong);
}

/// A reader misses, `between` adds commands, and the reader stores 40 ms after its miss.
template <class Between>
stage reader_and(Between&& between, const char* key = user) {
  stage world = with_loads(key);
  world.at(1s).client(1).get(key).miss();
  between(world);
  world.at(1s + 40ms).client(1).set(key, "old").px(60s).ok();
  world.at(2s).client(3).get(key).hit("old");
  return world;
}

TEST(audit_c401, NamesWhatDecidesOverRights) {
  const audit_result result =
      reader_and([](stage& world) { world.at(1s + 20ms).client(2).del("acl::42").answers(1); },
                 "acl::42")
          .judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C401"), nullptr);
  EXPECT_NE(find_finding(result, "C401")->message.find("permissions or prices"), std::string::npos);
}

TEST(audit_c401, IsSilentWithoutAnInvalidation) {
  const audit_result result = reader_and([](stage&) {}).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C401"), nullptr);
  EXPECT_EQ(coverage_of(result, "C401"), status::not_exercised);
}

TEST(audit_c401, IsSilentForTheReadersOwnDeletion) {
  const audit_result result = reader_and([](stage& world) {
                                world.at(1s + 20ms).client(1).del(user).answers(1);
                              }).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C401"), nullptr);
}

TEST(audit_c401, IsSilentForAReaderThatDeletesWhatItFoundExpired) {
  const audit_result result = reader_and([](stage& world) {
                                world.at(1s + 1ms).client(2).set(user, "new").px(60s).ok();
                                world.at(1s + 18ms).client(2).get(user).hit("new");
                                world.at(1s + 20ms).client(2).del(user).answers(1);
                              }).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C401"), nullptr);
}

TEST(audit_c401, IsSilentWhenTheReaderMissedAgainAfterIt) {
  stage world = with_loads();
  world.at(1s).client(1).get(user).miss();
  world.at(1s + 20ms).client(2).del(user).answers(0);
  world.at(1s + 25ms).client(1).get(user).miss();
  world.at(1s + 65ms).client(1).set(user, "new").px(60s).ok();
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C401"), nullptr);
}

TEST(audit_c401, IsSilentWhenAThreadOfTheProcessMissedAfterIt) {
  stage world = with_loads();
  world.belongs(7, {1, 5});
  world.at(1s).client(1).get(user).miss();
  world.at(1s + 20ms).client(2).del(user).answers(0);
  world.at(1s + 25ms).client(5).get(user).miss();
  // With a pool, the connection that missed first may now belong to the other thread.
  world.at(1s + 66ms).client(1).set(user, "new").px(60s).ok();
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C401"), nullptr);
}

TEST(audit_c401, IsSilentWhenWhoMissedAfterItMayBeOfTheProcess) {
  stage world = with_loads();
  world.belongs(7, {1}).unknown({5}, "127.0.0.1");
  world.at(1s).client(1).get(user).miss();
  world.at(1s + 20ms).client(2).del(user).answers(0);
  world.at(1s + 25ms).client(5).get(user).miss();
  world.at(1s + 66ms).client(1).set(user, "new").px(60s).ok();
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C401"), nullptr);
}

TEST(audit_c401, PassesForAStoreThatDependsOnWhatItSaw) {
  stage world = with_loads();
  world.at(1s).client(1).get(user).miss();
  world.at(1s + 20ms).client(2).del(user).answers(0);
  world.at(1s + 40ms).client(1).compare_and_store(user, "t", "old", 60s).answers(0);
  world.at(2s).client(3).get(user).miss();
  world.at(2s + 40ms).client(3).set(user, "new").px(60s).ok();
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C401"), nullptr);
}

TEST(audit_c401, IsSilentForColdEventsOfTheTool) {
  const audit_result result =
      reader_and([](stage& world) {
        world.at(1s + 20ms).client(2).del(user).answers(1);
        world.tell(tool_acted{tool_acted::action_kind::cold_event, user, 1s + 10ms, 1s + 30ms});
      }).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C401"), nullptr);
}

}  // namespace
}  // namespace drover::audit::stale_set_rules_test
