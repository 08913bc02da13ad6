// SPDX-License-Identifier: MIT
// Uses of Redis other than caching: no rule may report anything.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"

namespace drover::audit::other_uses_test {
namespace {

using namespace testing;
using std::chrono::microseconds;

TEST(audit_other_uses, SessionsAreNoCache) {
  stage world;
  for (int visit = 0; visit < 6; ++visit) {
    for (std::uint64_t client = 1; client <= 6; ++client) {
      const std::string key =
          std::string{"session:"} + std::to_string(static_cast<int>(client % 3));
      auto& later = world.at(500ms * visit + 10ms * client);
      visit == 0 ? later.client(client).get(key).miss() : later.client(client).get(key).hit("s");
      world.at(500ms * visit + 10ms * client + 5ms).client(client).setex(key, 1800s, "s").ok();
    }
  }
  expect_silent(world.judged_by(all_rules()));
}

/// All callers of a process share one connection, with one caller for each session. A session is
/// missed, created, and from then on read and sometimes written.
stage sessions_over_one_connection(std::string_view name) {
  stage world;
  for (int id = 1; id <= 12; ++id) {
    const std::string key = std::string{name} + std::to_string(id);
    const microseconds begin = 1s * id;
    for (const auto miss : {70ms, 120ms}) {
      world.at(begin + miss).client(1).took(30ms).get(key).miss();
      world.at(begin + miss + 1ms).client(1).took(30ms).expire("other:1", 3s).answers(0);
    }
    world.at(begin + 152ms).client(1).set(key, "s0").px(3s).ok();
    world.at(begin + 180ms).client(1).get(key).hit("s0");
    world.at(begin + 188ms).client(1).set(key, "s1").px(3s).ok();
    for (int request = 1; request <= 12; ++request) {
      const microseconds at = begin + 188ms + 40ms * request;
      world.at(at).client(1).get(key).hit("s1");
      auto& later = world.at(at + 9ms);
      request % 2 == 0 ? later.client(1).set(key, "s1").px(3s).ok()
                       : later.client(1).expire(key, 3s).answers(1);
    }
  }
  return world;
}

/// Requests in two processes read flags. An administrator reads a flag and sets it; a flag that is
/// missing is off. `first` is the connection of the administrator.
stage flags_of_an_administrator(const std::string& prefix, const std::string& value) {
  stage world;
  for (int flag = 0; flag < 4; ++flag) {
    const std::string key = prefix + std::string(1, static_cast<char>('a' + flag)) + "_flag";
    const microseconds begin = 2s * flag;
    for (int request = 0; request < 10; ++request) {
      world.at(begin + 100ms * request).client(2).get(key).miss();
      world.at(begin + 100ms * request + 30ms).client(3).get(key).miss();
    }
    world.at(begin + 1s).client(1).get(key).miss();
    world.at(begin + 1s + 900us).client(1).set(key, value + std::to_string(flag)).ok();
    for (int change = 1; change <= 3; ++change) {
      world.at(begin + 1s + 200ms * change).client(1).get(key).hit(value + std::to_string(flag));
      world.at(begin + 1s + 200ms * change + 2ms)
          .client(1)
          .set(key, value + std::to_string(10 * change + flag))
          .ok();
      world.at(begin + 1s + 200ms * change + 50ms).client(2).get(key).hit(value);
    }
  }
  for (int request = 0; request < 40; ++request) {  // a flag that nobody has set yet
    world.at(10s + 100ms * request).client(2).get(prefix + "unset_flag").miss();
  }
  return world;
}

TEST(audit_other_uses, FlagsThatSomebodySetsAreNoCache) {
  const std::string users(80, 'u');
  for (const char* const prefix : {"feature:", "settings:", "rollout/"}) {
    for (const std::string& value : {std::string{"100||"}, users}) {
      expect_silent(flags_of_an_administrator(prefix, value).judged_by(all_rules()));
    }
  }
}

TEST(audit_other_uses, AListThatIsChangedInPlaceIsNoCache) {
  for (const char* const key : {"settings:list", "shop/open_days", "rollout:names"}) {
    for (const auto gap : {1ms, 8ms}) {
      stage world;
      world.at(10ms).client(1).get(key).miss();
      world.at(110ms).client(1).get(key).miss();
      world.at(110ms + gap).client(1).set(key, "names 0").ok();
      for (int change = 1; change <= 20; ++change) {
        const std::string before = "names " + std::to_string(change - 1);
        world.at(90ms * change + 80ms).client(1).get(key).hit(before);
        world.at(90ms * change + 80ms + gap)
            .client(1)
            .set(key, "names " + std::to_string(change))
            .ok();
        world.at(90ms * change + 120ms).client(2).get(key).hit(before);
      }
      expect_silent(world.judged_by(all_rules()));
    }
  }
}

TEST(audit_other_uses, AFastLoadByOneOfSeveralProcessesIsALoad) {
  // The readers of the second process wait for the value, and those of the first as well.
  stage world;
  for (int i = 0; i < 4; ++i) {
    const std::string key = "user:" + std::to_string(i);
    const microseconds begin = 2s * i;
    for (int poll = 0; poll < 10; ++poll) {
      world.at(begin + 30ms * poll).client(2).get(key).miss();
      world.at(begin + 30ms * poll + 2ms).client(1).get(key).miss();
    }
    world.at(begin + 275ms).client(1).set(key, "v" + key).ok();
    world.at(begin + 300ms).client(2).get(key).hit("v" + key);
  }
  world.belongs(7, {1, 5});
  world.at(9s).client(5).get("user:1").hit("vuser:1");
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C301"), nullptr);
  EXPECT_EQ(find_finding(result, "C301")->count, 4U);
}

TEST(audit_other_uses, AStoreAfterAHitIsNoSecondLoad) {
  for (const char* const name : {"sess:", "basket:"}) {
    const audit_result result = sessions_over_one_connection(name).judged_by(all_rules());
    EXPECT_EQ(find_finding(result, "C101"), nullptr) << name;
    EXPECT_EQ(find_finding(result, "C105"), nullptr) << name;
  }
}

TEST(audit_other_uses, OnceOnlyMarksAreNoLocks) {
  stage world;
  for (int id = 1; id <= 40; ++id) {
    const std::string key = std::string{"paid:"} + std::to_string(id);
    world.at(100ms * id).client(1).set(key, "1").nx().ok();
    if (id % 4 == 0) world.at(100ms * id + 50ms).client(2).set(key, "1").nx().nil();
  }
  expect_silent(world.judged_by(all_rules()));
}

TEST(audit_other_uses, CountersQueuesAndListsAreNoCache) {
  stage world;
  for (int i = 0; i < 40; ++i) {
    const microseconds at = 100ms * i;
    world.at(at).client(1).command("INCR").key("rate:ip:1").answers(i + 1);
    if (i % 10 == 0) world.at(at + 1ms).client(1).expire("rate:ip:1", 60s).answers(1);
    world.at(at + 2ms).client(2).command("ZADD").key("board:week").value("x").answers(1);
    world.at(at + 3ms).client(3).command("ZRANGE").key("board:week").word("0").word("9").items(9);
    world.at(at + 4ms).client(2).command("LPUSH").key("queue:mail").value("job").answers(1);
    world.at(at + 5ms).client(4).command("BRPOP").key("queue:mail").word("5").items(2);
    world.at(at + 6ms).client(2).command("XADD").key("log:events").value("x").hit("1-1");
    world.at(at + 7ms).client(5).command("XREADGROUP").key("log:events").items(1);
  }
  const audit_result result = world.judged_by(all_rules());
  expect_silent(result);
  EXPECT_EQ(result.run.cold_events, 0U);
}

}  // namespace
}  // namespace drover::audit::other_uses_test
