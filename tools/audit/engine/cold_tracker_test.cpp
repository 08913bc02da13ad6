// SPDX-License-Identifier: MIT
#include "audit/engine/cold_tracker.hpp"

#include <gtest/gtest.h>

#include "audit/engine/listener_for_test.hpp"

namespace drover::audit::cold_tracker_test {
namespace {

using namespace testing;
using std::chrono::microseconds;

const std::string user = "user:1";
const std::string user_lock = "lock:user:1";

/// A world with one process. Its pool may give any of its connections to any of its threads.
stage pooled() {
  stage world;
  world.belongs(500, {1, 2, 3});
  return world;
}

/// A miss and its load, which takes 80 ms.
void first_load(stage& world, microseconds begin, const std::string& key = user) {
  world.at(begin).client(1).get(key).miss();
  world.at(begin + 80ms).client(1).set(key, "v").px(2s).ok();
}

/// A reader finds the value and refreshes it.
void early_refresh(stage& world, microseconds begin) {
  world.at(begin).client(2).get(user).hit("v");
  world.at(begin + 80ms).client(2).set(user, "v").px(2s).ok();
}

/// A reader finds the value just before it expires and refreshes it. A few milliseconds before the
/// new value is stored, another thread misses the key, wins the lock, and loads as well.
void refresh_that_is_too_late(stage& world, microseconds begin) {
  world.at(begin).client(2).get(user).hit("v");
  world.at(begin + 76ms).client(1).get(user).miss();
  world.at(begin + 77ms).client(1).set(user_lock, "t").nx().px(3s).ok();
  world.at(begin + 78ms).client(1).exists(user).answers(0);
  world.at(begin + 80ms).client(2).set(user, "v").px(2s).ok();
  world.at(begin + 158ms).client(1).set(user, "v").px(2s).ok();
  world.at(begin + 159ms).client(1).compare_and_delete(user_lock, "t").answers(1);
}

moment last_delta(const stage& world) {
  const listener::facts facts = collect_facts(world);
  return facts.cold.empty() ? moment{} : facts.cold.back().delta;
}

TEST(audit_cold_tracker, TakesAnEarlyRefreshThatCameLateForNoLoadTime) {
  stage world = pooled();
  first_load(world, 0ms);
  early_refresh(world, 1'000ms);
  refresh_that_is_too_late(world, 3'080ms);
  EXPECT_EQ(last_delta(world), moment(80ms - 200us));
}

TEST(audit_cold_tracker, TakesTheLongOnesWhereEachLoadTimeMayBeARefreshThatCameLate) {
  stage world = pooled();
  world.at(0ms).client(2).get(user).hit("v");
  early_refresh(world, 100ms);
  refresh_that_is_too_late(world, 2'180ms);
  world.at(4'300ms).client(3).get(user).hit("v");
  world.at(4'340ms).client(1).get(user).miss();
  world.at(4'420ms).client(1).set(user, "v").px(2s).ok();
  EXPECT_EQ(last_delta(world), moment(80ms - 200us));
}

TEST(audit_cold_tracker, BelievesEachLoadTimeWhereNobodyRefreshes) {
  stage world = pooled();
  for (int turn = 0; turn < 5; ++turn) {
    const microseconds begin = 3s * turn;
    const auto load = turn == 0 ? 500ms : 40ms;  // a slow start
    world.at(begin).client(1).get(user).miss();
    world.at(begin + load).client(1).set(user, "v").px(2s).ok();
    world.at(begin + load + 1'999ms).client(2).get(user).hit("v");
  }
  EXPECT_EQ(last_delta(world), moment(40ms - 200us));
}

TEST(audit_cold_tracker, KnowsALongLoadByItsMissAlthoughAnotherStoredFirst) {
  // In the first cold event of a run, the load time is unknown. A writer of another process stores
  // 5 ms after the first miss.
  stage world;
  for (std::uint64_t i = 1; i <= 3; ++i) world.at(1ms * i).client(i).get(user).miss();
  world.at(6ms).client(9).set(user, "v").px(60s).ok();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    world.at(2s + 1ms * i).client(i).set(user, "v").px(60s).ok();
  }
  const listener::facts facts = collect_facts(world);
  ASSERT_EQ(facts.loads.size(), 3U);
  for (const load& loaded : facts.loads) EXPECT_TRUE(loaded.missed);
}

/// A script of commands on a cold key, and the expected counts of the cold event.
struct cold_case {
  const char* name;
  void (*play)(stage& world);
  std::uint64_t requests;
  std::uint64_t misses;
  std::uint64_t loads;
  bool contended;
  bool stored = true;
};

const std::vector<cold_case> cold_rows{
    {"one client loads", [](stage& world) { first_load(world, 0ms); }, 1, 1, 1, false},
    {"two clients load at once",
     [](stage& world) {
       for (std::uint64_t i = 1; i <= 2; ++i) world.at(1ms * i).client(i).get(user).miss();
       for (std::uint64_t i = 1; i <= 2; ++i) {
         world.at(80ms + 1ms * i).client(i).set(user, "v").px(2s).ok();
       }
     },
     2, 2, 2, true},
    {"another client misses while the first loads",
     [](stage& world) {
       world.at(0ms).client(1).get(user).miss();
       world.at(40ms).client(2).get(user).miss();
       world.at(80ms).client(1).set(user, "v").px(2s).ok();
       world.at(90ms).client(2).get(user).hit("v");
     },
     2, 2, 1, true},
    {"nobody stores it",
     [](stage& world) {
       world.at(0ms).client(1).get(user).miss();
       world.at(1s).client(2).get(user).miss();
     },
     2, 2, 0, false, false},
};

TEST(audit_cold_tracker, CountsRequestsMissesAndLoads) {
  for (const cold_case& row : cold_rows) {
    stage world;
    row.play(world);
    const std::vector<cold_event> events = collect_facts(world).cold;
    ASSERT_EQ(events.size(), 1U) << row.name;
    EXPECT_EQ(events[0].demand.requests, row.requests) << row.name;
    EXPECT_EQ(events[0].demand.misses, row.misses) << row.name;
    EXPECT_EQ(events[0].loading.count, row.loads) << row.name;
    EXPECT_EQ(events[0].loading.loads.size(), row.loads) << row.name;
    EXPECT_EQ(events[0].demand.contended, row.contended) << row.name;
    EXPECT_EQ(events[0].first_store.has_value(), row.stored) << row.name;
  }
}

}  // namespace
}  // namespace drover::audit::cold_tracker_test
