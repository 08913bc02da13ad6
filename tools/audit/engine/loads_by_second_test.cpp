// SPDX-License-Identifier: MIT
#include "audit/engine/loads_by_second.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>

#include "audit/engine/listener_for_test.hpp"

namespace drover::audit::loads_by_second_test {
namespace {

using namespace std::chrono_literals;
using namespace testing;

using counts = std::vector<std::uint64_t>;

settings users_are_values() {
  settings options;
  options.roles = {{"user:*", key_role::value}};
  return options;
}

counts of_all(const loads_by_second& loads) {
  return loads.each_second([](std::uint32_t) { return true; });
}

std::uint64_t sum(const counts& each) { return std::accumulate(each.begin(), each.end(), 0ULL); }

TEST(audit_loads_by_second, CountEachSecondOfTheChosenPatterns) {
  loads_by_second loads;
  loads.add(0, 500ms);
  loads.add(0, 2500ms);
  loads.add(1, 2600ms);
  loads.add(0, 1200ms);  // its reply came late
  EXPECT_EQ(of_all(loads), (counts{1, 1, 2}));
  EXPECT_EQ(loads.each_second([](std::uint32_t pattern) { return pattern == 1; }),
            (counts{0, 0, 1}));
}

TEST(audit_loads_by_second, TakeBackWhatWasAddedAtThatTimeOrNearIt) {
  loads_by_second loads;
  for (int i = 0; i < 3; ++i) loads.add(0, 1s);
  loads.add(0, 2s);
  loads.add(0, 3s);
  loads.remove(0, 2s, 1);
  EXPECT_EQ(of_all(loads), (counts{0, 3, 0, 1}));
  loads.remove(0, 2s, 2);
  EXPECT_EQ(of_all(loads), (counts{0, 1, 0, 1}));
  loads.remove(0, 2s, 2);
  EXPECT_EQ(of_all(loads), counts{});
}

TEST(audit_loads_by_second, LoseNoneWhenTooManySecondsHaveOne) {
  loads_by_second loads(3);
  for (int i = 0; i < 10; ++i) loads.add(0, std::chrono::seconds(i));
  loads.add(1, 5s);
  EXPECT_EQ(sum(of_all(loads)), 11U);
  loads_by_second late;
  late.add(0, std::chrono::hours(100'000));
  EXPECT_EQ(sum(of_all(late)), 1U);
}

TEST(audit_loads_by_second, TheChartLeavesOutWhatIsNoCachedValue) {
  stage world;
  // A flag is missed and stored at once, often: nothing is loaded for it.
  for (int i = 0; i < 20; ++i) {
    world.at(100ms * i).client(1).get("seen:" + std::to_string(i)).miss();
    world.at(100ms * i + 1ms).client(1).set("seen:" + std::to_string(i), "1").px(60s).ok();
  }
  for (int i = 0; i < 4; ++i) {
    const auto begin = 500ms * i;
    const std::string key = "user:" + std::to_string(i);
    world.at(begin).client(2).get(key).miss();
    world.at(begin + 50ms).client(2).set(key, "a long enough value for a user " + key).px(60s).ok();
    world.at(begin + 60ms).client(2).get(key).hit();
  }
  const audit_result result = world.judged_by({});
  ASSERT_EQ(result.run.loads, 4U);
  EXPECT_EQ(result.timeline.loads_each_second, (counts{2, 2}));
}

TEST(audit_loads_by_second, TheChartLeavesOutMarksThatAreSetBeforeTheLoad) {
  stage world;
  for (int round = 0; round < 3; ++round) {
    const auto begin = 1000ms * round;
    const std::string key = "user:" + std::to_string(round);
    for (std::uint64_t i = 1; i <= 3; ++i) {
      world.at(begin + 1ms * i).client(i).get(key).miss();
      world.at(begin + 10ms + 1ms * i)
          .client(i)
          .set(key, "id-" + std::to_string(i))
          .nx()
          .px(5s)
          .reply(i == 1);
    }
    world.at(begin + 100ms)
        .client(1)
        .compare_and_store(key, "id-1", "a long value", 60s)
        .answers(1);
    world.at(begin + 200ms).client(2).get(key).hit("a long value");
  }
  const audit_result result = world.judged_by({}, users_are_values());
  EXPECT_EQ(result.run.loads, 3U);
  EXPECT_EQ(result.timeline.loads_each_second, (counts{1, 1, 1}));
  EXPECT_EQ(result.timeline.loads.size(), 3U);
}

TEST(audit_loads_by_second, RefreshesAreCountedBesideLoads) {
  stage world;
  const auto value = [](int version) { return "a value of version " + std::to_string(version); };
  world.at(0ms).client(1).get("user:1").miss();
  world.at(50ms).client(1).set("user:1", value(0)).px(10s).ok();
  for (int i = 1; i <= 5; ++i) {
    const auto begin = 400ms * i;
    world.at(begin).client(1).get("user:1").hit(value(i - 1));
    world.at(begin + 80ms).client(1).set("user:1", value(i)).px(10s).ok();
    world.tell(origin_loads{begin + 80ms, 1, {}, "log"});
  }
  const audit_result result = world.judged_by({});
  EXPECT_EQ(result.run.loads, 1U);
  EXPECT_EQ(result.run.refreshes, 5U);
  EXPECT_EQ(result.timeline.loads_each_second, counts{1});
  EXPECT_EQ(result.timeline.refreshes_each_second, (counts{2, 2, 1}));
}

TEST(audit_loads_by_second, FieldsThatAreStoredTogetherAreOneRefresh) {
  stage world;
  world.at(0ms).client(1).hgetall("user:1").items(0);
  world.at(50ms).client(1).batch(1).hset("user:1", "a").answers(1);
  world.at(50ms).client(1).batch(1).hset("user:1", "b").answers(1);
  world.at(100ms).client(1).hgetall("user:1").items(4);
  world.at(200ms).client(1).batch(2).hset("user:1", "c").answers(0);
  world.at(200ms).client(1).batch(2).hset("user:1", "d").answers(0);
  const audit_result result = world.judged_by({}, users_are_values());
  EXPECT_EQ(result.run.loads, 1U);
  EXPECT_EQ(result.run.refreshes, 1U);
}

}  // namespace
}  // namespace drover::audit::loads_by_second_test
