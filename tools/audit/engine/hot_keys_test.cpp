// SPDX-License-Identifier: MIT
#include "audit/engine/hot_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "audit/engine/engine.hpp"
#include "audit/engine/stage_for_test.hpp"

namespace drover::audit::hot_keys_test {
namespace {

using namespace std::chrono_literals;
using testing::stage;

/// Plays the stage and returns the names of the chosen keys.
std::vector<std::string> chosen(const stage& played, const std::vector<std::string>& allowed = {}) {
  engine auditor{{}, {}};
  hot_keys subject;
  for (const record& item : played.records()) {
    auditor.feed(item);
    if (const auto* command = std::get_if<event>(&item)) subject.count_read(*command);
  }
  std::vector<std::string> names;
  for (const hot_key& key : subject.choose(auditor.context(), allowed)) {
    EXPECT_GE(key.reads_per_second, hot_keys::reads_per_second_min);
    names.push_back(key.name);
  }
  return names;
}

/// The key is missed, loaded in 20 ms, and then read `each_second` times a second for five seconds.
void cache(stage& world, std::uint64_t connection, const std::string& key, int each_second) {
  world.at(10ms).client(connection).get(key).miss();
  world.at(30ms).client(connection).set(key, "v").px(60s).ok();
  for (int i = 0; i < 5 * each_second; ++i) {
    world.at(50ms + i * (1000ms / each_second)).client(connection).get(key).hit("v");
  }
}

TEST(audit_hot_keys, ChoosesTheHottestOfEachPattern) {
  stage world;
  cache(world, 1, "user:1", 10);
  cache(world, 2, "user:2", 20);
  cache(world, 3, "item:1", 10);
  cache(world, 4, "page:1", 2);  // too seldom
  EXPECT_EQ(chosen(world), (std::vector<std::string>{"item:1", "user:2"}));
}

TEST(audit_hot_keys, KeepsToWhatIsAllowed) {
  stage world;
  cache(world, 1, "user:1", 10);
  cache(world, 3, "item:1", 10);
  EXPECT_EQ(chosen(world, {"user:*"}), std::vector<std::string>{"user:1"});
  EXPECT_TRUE(chosen(world, {"nothing:*"}).empty());
}

TEST(audit_hot_keys, NeverTouchesWhatTheCacheDidNotLoad) {
  stage world;
  // The application writes this key without a miss before. It is never loaded.
  world.at(5ms).client(1).set("session:1", "v").px(60s).ok();
  for (int i = 0; i < 100; ++i) world.at(10ms + i * 50ms).client(1).get("session:1").hit("v");
  // This key is missed and stored, but written far more often than missed. It is no cached value.
  world.at(10ms).client(2).get("state:1").miss();
  for (int i = 0; i < 100; ++i) {
    world.at(20ms + i * 50ms).client(2).set("state:1", "v").px(60s).ok();
    world.at(30ms + i * 50ms).client(2).get("state:1").hit("v");
  }
  // A lock that is polled.
  world.at(10ms).client(3).get("lock:1").miss();
  world.at(20ms).client(3).set("lock:1", "t").nx().px(60s).ok();
  for (int i = 0; i < 100; ++i) world.at(30ms + i * 50ms).client(4).get("lock:1").hit("t");
  EXPECT_TRUE(chosen(world).empty());
}

TEST(audit_hot_keys, ForgetsWhatIsNoLongerRead) {
  stage world;
  cache(world, 1, "user:1", 10);
  for (int i = 0; i < 100; ++i) world.at(20s + i * 50ms).client(2).get("other").miss();
  EXPECT_TRUE(chosen(world).empty());
}

}  // namespace
}  // namespace drover::audit::hot_keys_test
