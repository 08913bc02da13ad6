// SPDX-License-Identifier: MIT
#include "audit/engine/hot_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "audit/engine/engine.hpp"
#include "audit/engine/stage_for_test.hpp"

namespace drover::audit {
namespace {

using namespace std::chrono_literals;
using testing::stage;

/// Plays the stage, and answers the names of the keys that may be made cold.
std::vector<std::string> chosen(const stage& played, const std::vector<std::string>& allowed = {}) {
  engine judge{{}, {}};
  hot_keys subject;
  for (const record& each : played.records()) {
    judge.feed(each);
    if (const auto* one = std::get_if<event>(&each)) subject.count_read(*one);
  }
  std::vector<std::string> out;
  for (const hot_key& one : subject.choose(judge.context(), allowed)) {
    EXPECT_GE(one.reads_per_second, hot_keys::reads_per_second_min);
    out.push_back(one.name);
  }
  return out;
}

/// Missed, loaded in 20 ms, and then read so often a second for five seconds.
void cache(stage& on, std::uint64_t connection, const std::string& key, int each_second) {
  on.at(10ms).client(connection).get(key).miss();
  on.at(30ms).client(connection).set(key, "v").px(60s).ok();
  for (int i = 0; i < 5 * each_second; ++i) {
    on.at(50ms + i * (1000ms / each_second)).client(connection).get(key).hit("v");
  }
}

TEST(audit_hot_keys, ChoosesTheHottestOfEachPattern) {
  stage on;
  cache(on, 1, "user:1", 10);
  cache(on, 2, "user:2", 20);
  cache(on, 3, "item:1", 10);
  cache(on, 4, "page:1", 2);  // too seldom
  EXPECT_EQ(chosen(on), (std::vector<std::string>{"item:1", "user:2"}));
}

TEST(audit_hot_keys, KeepsToWhatIsAllowed) {
  stage on;
  cache(on, 1, "user:1", 10);
  cache(on, 3, "item:1", 10);
  EXPECT_EQ(chosen(on, {"user:*"}), std::vector<std::string>{"user:1"});
  EXPECT_TRUE(chosen(on, {"nothing:*"}).empty());
}

TEST(audit_hot_keys, NeverTouchesWhatTheCacheDidNotLoad) {
  stage on;
  // Written by the application at its own will, and never loaded after a miss.
  on.at(5ms).client(1).set("session:1", "v").px(60s).ok();
  for (int i = 0; i < 100; ++i) on.at(10ms + i * 50ms).client(1).get("session:1").hit("v");
  // Missed and stored, but written far more often than missed: no cache.
  on.at(10ms).client(2).get("state:1").miss();
  for (int i = 0; i < 100; ++i) {
    on.at(20ms + i * 50ms).client(2).set("state:1", "v").px(60s).ok();
    on.at(30ms + i * 50ms).client(2).get("state:1").hit("v");
  }
  // A lock that is polled.
  on.at(10ms).client(3).get("lock:1").miss();
  on.at(20ms).client(3).set("lock:1", "t").nx().px(60s).ok();
  for (int i = 0; i < 100; ++i) on.at(30ms + i * 50ms).client(4).get("lock:1").hit("t");
  EXPECT_TRUE(chosen(on).empty());
}

TEST(audit_hot_keys, ForgetsWhatIsNoLongerRead) {
  stage on;
  cache(on, 1, "user:1", 10);
  for (int i = 0; i < 100; ++i) on.at(20s + i * 50ms).client(2).get("other").miss();
  EXPECT_TRUE(chosen(on).empty());
}

}  // namespace
}  // namespace drover::audit
