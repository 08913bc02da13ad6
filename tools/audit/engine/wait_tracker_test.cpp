// SPDX-License-Identifier: MIT
#include "audit/engine/wait_tracker.hpp"

#include <gtest/gtest.h>

#include "audit/engine/listener_for_test.hpp"

namespace drover::audit::wait_tracker_test {
namespace {

using namespace testing;
using std::chrono::microseconds;

void polls(stage& world, microseconds begin, int times, std::uint64_t client = 1) {
  for (int i = 0; i < times; ++i) world.at(begin + 25ms * i).client(client).get("user:1").miss();
}

TEST(audit_wait_tracker, EndsWithTheAnswer) {
  stage world;
  polls(world, 0ms, 5);
  world.at(125ms).client(1).get("user:1").hit("v");
  const std::vector<wait> waits = collect_facts(world).waits;
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].result, wait::outcome::satisfied);
  EXPECT_EQ(waits[0].polls, 5U);
  EXPECT_EQ(waits[0].first, moment(0ms));
  EXPECT_EQ(waits[0].last, moment(100ms + 200us));
  EXPECT_EQ(waits[0].ended, moment(125ms + 200us));
  EXPECT_EQ(waits[0].longest_gap, moment(25ms - 200us));
}

TEST(audit_wait_tracker, EndsWhenTheWaiterStoresTheValueItself) {
  stage world;
  polls(world, 0ms, 4);
  world.at(100ms).client(1).set("user:1", "v").px(50ms).ok();
  polls(world, 200ms, 3);
  world.at(300ms).client(1).set("user:1", "v").px(50ms).ok();
  const std::vector<wait> waits = collect_facts(world).waits;
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_EQ(waits[0].polls, 4U);
  EXPECT_EQ(waits[0].result, wait::outcome::satisfied);
  EXPECT_EQ(waits[0].ended, moment(100ms + 200us));
  EXPECT_EQ(waits[1].first, moment(200ms));
}

TEST(audit_wait_tracker, GoesOnWhenAnotherStoresOrTheStoreIsRefused) {
  stage world;
  polls(world, 0ms, 2);
  world.at(40ms).client(2).set("user:1", "v").px(5ms).ok();
  world.at(45ms).client(1).set("user:1", "v").xx().px(5ms).nil();
  polls(world, 50ms, 2);
  const std::vector<wait> waits = collect_facts(world).waits;
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].polls, 4U);
  EXPECT_EQ(waits[0].result, wait::outcome::silent);
  EXPECT_EQ(waits[0].ended, waits[0].last);
}

TEST(audit_wait_tracker, WhoTakesTheLockNoLongerAsksWhetherItIsThere) {
  stage world;
  for (int i = 0; i < 4; ++i) world.at(25ms * i).client(1).exists("lock:user:1").answers(1);
  world.at(100ms).client(1).set("lock:user:1", "t").nx().px(5s).ok();
  world.at(120ms).client(1).exists("lock:user:1").answers(1);
  world.at(140ms).client(1).exists("lock:user:1").answers(1);
  const std::vector<wait> waits = collect_facts(world).waits;
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_EQ(waits[0].polls, 4U);
  EXPECT_EQ(waits[0].result, wait::outcome::satisfied);
}

TEST(audit_wait_tracker, OneQuestionIsNoWait) {
  stage world;
  polls(world, 0ms, 1);
  world.at(50ms).client(1).get("user:1").hit("v");
  polls(world, 10s, 1, 2);
  EXPECT_TRUE(collect_facts(world).waits.empty());
}

TEST(audit_wait_tracker, WhoFallsSilentForLongBeginsAnew) {
  stage world;
  polls(world, 0ms, 3);
  polls(world, 10s, 3);
  const std::vector<wait> waits = collect_facts(world).waits;
  ASSERT_EQ(waits.size(), 2U);
  for (const wait& ended_wait : waits) {
    EXPECT_EQ(ended_wait.result, wait::outcome::silent);
    EXPECT_EQ(ended_wait.polls, 3U);
  }
}

/// A command after three polls of client 1, and the expected end of the wait.
struct wait_case {
  const char* name;
  void (*end)(stage& world);
  wait::outcome result;
};

const std::vector<wait_case> wait_rows{
    {"a hit", [](stage& world) { world.at(75ms).client(1).get("user:1").hit("v"); },
     wait::outcome::satisfied},
    {"a hit of another client",
     [](stage& world) { world.at(75ms).client(2).get("user:1").hit("v"); }, wait::outcome::silent},
    {"its own store", [](stage& world) { world.at(75ms).client(1).set("user:1", "v").px(9s).ok(); },
     wait::outcome::satisfied},
    {"a read that failed", [](stage& world) { world.at(75ms).client(1).get("user:1").error(); },
     wait::outcome::silent},
    {"nothing more", [](stage&) {}, wait::outcome::silent},
};

TEST(audit_wait_tracker, KnowsHowAWaitEnded) {
  for (const wait_case& row : wait_rows) {
    stage world;
    polls(world, 0ms, 3);
    row.end(world);
    const std::vector<wait> waits = collect_facts(world).waits;
    ASSERT_EQ(waits.size(), 1U) << row.name;
    EXPECT_EQ(waits[0].polls, 3U) << row.name;
    EXPECT_EQ(waits[0].result, row.result) << row.name;
    EXPECT_EQ(waits[0].poll_kind, op_kind::read) << row.name;
  }
}

}  // namespace
}  // namespace drover::audit::wait_tracker_test
