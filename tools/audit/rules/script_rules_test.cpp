// SPDX-License-Identifier: MIT
// Scripts that do different things to their keys, and leases in the key of the value.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"

namespace drover::audit::script_rules_test {
namespace {

using namespace testing;
using status = coverage_line::status;
using std::chrono::microseconds;

constexpr std::string_view publish_body =
    "if redis.call('get', KEYS[2]) ~= ARGV[1] then return 0 end\n"
    "redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3])\n"
    "redis.call('del', KEYS[2])\nreturn 1";
constexpr std::string_view fence_body =
    "if redis.call('get', KEYS[2]) == ARGV[1] then\n"
    "  redis.call('set', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1\nend\nreturn 0";

void expect_no_finding(const audit_result& result) {
  for (const finding& finding : result.findings) {
    EXPECT_EQ(finding.severity, severity::info) << finding.rule << ": " << finding.message;
  }
}

key_role role_in(const audit_result& result, std::string_view pattern) {
  for (const role_line& line : result.roles) {
    if (line.pattern == pattern) return line.role;
  }
  return key_role::ignored;
}

/// Two clients want a cold key. One wins the lock and loads; `end` stores and releases.
template <class End>
stage guarded_loads(int turns, End end) {
  stage world;
  world.knows("publish", publish_body).knows("fence", fence_body);
  for (int turn = 1; turn <= turns; ++turn) {
    const microseconds begin = 2s * turn;
    const std::string token = "t" + std::to_string(turn);
    for (const std::uint64_t client : {1U, 2U}) {
      world.at(begin + 1ms * client).client(client).get("user:1").miss();
    }
    world.at(begin + 4ms).client(1).set("user:1:guard", token).nx().px(5s).ok();
    world.at(begin + 5ms).client(1).get("user:1").miss();
    world.at(begin + 6ms).client(2).set("user:1:guard", "other").nx().px(5s).nil();
    end(world, begin + 90ms, token);
    world.at(begin + 130ms).client(2).get("user:1").hit();
    world.at(begin + 140ms).client(1).get("user:1").hit();
  }
  return world;
}

TEST(audit_scripts, ThatStoreAndReleaseInOneStepAreLoadsUnderALock) {
  const stage world = guarded_loads(6, [](stage& into, microseconds at, const std::string& token) {
    into.at(at)
        .client(1)
        .call("publish", {"user:1", "user:1:guard"})
        .value(token)
        .value("value")
        .word("1500")
        .answers(1);
  });
  const audit_result result = world.judged_by(all_rules());
  expect_no_finding(result);
  EXPECT_EQ(result.outcome, verdict::pass);
  EXPECT_EQ(role_in(result, "user:*"), key_role::value);
  EXPECT_EQ(role_in(result, "user:*:guard"), key_role::lock);
  EXPECT_EQ(find_coverage(result, "C101")->state, status::pass);
}

TEST(audit_scripts, LeaveThePlainDeleteBesideAFencedStoreInSight) {
  const stage world = guarded_loads(6, [](stage& into, microseconds at, const std::string& token) {
    into.at(at)
        .client(1)
        .call("fence", {"user:1", "user:1:guard"})
        .value(token)
        .value("value")
        .word("1500")
        .answers(1);
    into.at(at + 1ms).client(1).del("user:1:guard").answers(1);
  });
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C204"), nullptr);
  EXPECT_EQ(find_finding(result, "C106"), nullptr);
}

TEST(audit_scripts, ThatAreNotClearAreJudgedInNothing) {
  stage world;
  world.knows("unclear", "return redis.call(ARGV[1], KEYS[1], ARGV[2])");
  for (int turn = 0; turn < 40; ++turn) {
    for (const std::uint64_t client : {1U, 2U, 3U}) {
      world.at(100ms * turn + 1ms * client).client(client).get("user:1").miss();
    }
    world.at(100ms * turn + 50ms).client(1).call("unclear", {"user:1"}).value("v").answers(1);
  }
  const audit_result result = world.judged_by(all_rules());
  expect_no_finding(result);
  EXPECT_TRUE(result.findings.empty());
  ASSERT_FALSE(result.notices.empty());
  EXPECT_EQ(result.notices.front().rule, "C902");
  EXPECT_EQ(role_in(result, "user:*"), key_role::other);
}

TEST(audit_scripts, OfAQueueMakeNoLocksAndNoValues) {
  stage world;
  world.knows("add",
              "if redis.call('exists', KEYS[2]) == 0 then redis.call('set', KEYS[2], '1') end\n"
              "redis.call('lpush', KEYS[1], ARGV[1]) return 1");
  for (int job = 0; job < 30; ++job) {
    for (const std::uint64_t client : {1U, 2U}) {
      world.at(50ms * job + 1ms * client).client(client).command("LRANGE").key("q:1:wait").items(0);
      world.at(50ms * job + 5ms + 1ms * client)
          .client(client)
          .call("add", {"q:1:wait", "q:1:meta"})
          .value("job")
          .answers(1);
    }
    world.at(50ms * job + 20ms).client(3).del("q:1:meta").answers(1);
    world.at(50ms * job + 21ms).client(3).command("RPOP").key("q:1:wait").hit();
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_TRUE(result.findings.empty()) << result.findings.front().rule;
  EXPECT_EQ(role_in(result, "q:*:wait"), key_role::other);
  EXPECT_NE(role_in(result, "q:*:meta"), key_role::lock);
}

/// A client asks with SET NX GET, loads if nothing was there, and stores the value over its mark.
stage leases_in_values(int turns, std::chrono::milliseconds ttl) {
  stage world;
  for (int turn = 1; turn <= turns; ++turn) {
    const microseconds begin = 2s * turn;
    const std::string mark = "loading-" + std::to_string(turn);
    const auto ask = [&](microseconds at, std::uint64_t client, const std::string& name) {
      return world.at(begin + at).client(client).set("page:1", name).nx().with_get().px(3s);
    };
    ask(1ms, 1, mark).nil();
    for (int poll = 0; poll < 4; ++poll) ask(10ms + 30ms * poll, 2, "x").hit(mark);
    const std::string text = "text of the page " + std::to_string(turn);
    if (ttl > 0ms) {
      world.at(begin + 120ms).client(1).set("page:1", text).px(ttl).ok();
    } else {
      world.at(begin + 120ms).client(1).set("page:1", text).ok();
    }
    for (int read = 0; read < 6; ++read) ask(140ms + 30ms * read, 2, "x").hit(text);
    if (ttl == 0ms) world.at(begin + 1s).client(3).del("page:1").answers(1);
  }
  return world;
}

TEST(audit_scripts, SetNxGetReadsTheValueAndTakesALease) {
  const audit_result result = leases_in_values(6, 900ms).judged_by(all_rules());
  expect_no_finding(result);
  EXPECT_EQ(result.outcome, verdict::pass);
  EXPECT_EQ(role_in(result, "page:*"), key_role::value);
  EXPECT_EQ(find_coverage(result, "C101")->state, status::pass);
}

TEST(audit_scripts, SetNxGetDoesNotHideAMissingTtl) {
  const audit_result result = leases_in_values(6, 0ms).judged_by(all_rules());
  EXPECT_NE(find_finding(result, "C301"), nullptr);
}

TEST(audit_marks, AreNeitherStampedesNorLostUpdates) {
  stage world;
  for (int turn = 0; turn < 30; ++turn) {
    const microseconds begin = 300ms * turn;
    const std::string throttle = "mail:to:" + std::to_string(turn % 3);
    for (const std::uint64_t client : {1U, 2U}) {
      world.at(begin + 100us * client).client(client).get(throttle).miss();
      world.at(begin + 1ms + 100us * client).client(client).setex(throttle, 1s, "1").ok();
      const std::string now = "17000000" + std::to_string(10 + turn);
      world.at(begin + 5ms + 400us * client).client(client).get("worker:1:alive").hit(now);
      world.at(begin + 7ms + 400us * client)
          .client(client)
          .set("worker:1:alive", now + std::to_string(client))
          .px(60s)
          .ok();
    }
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_TRUE(result.findings.empty()) << result.findings.front().rule;
  EXPECT_EQ(role_in(result, "mail:to:*"), key_role::mark);
  EXPECT_EQ(role_in(result, "worker:*:alive"), key_role::mark);
}

TEST(audit_marks, AreWhatTheUserSaysTheyAre) {
  stage world;
  for (int turn = 1; turn <= 6; ++turn) {
    for (const std::uint64_t client : {1U, 2U, 3U}) {
      world.at(2s * turn + 1ms * client).client(client).get("user:1").miss();
      world.at(2s * turn + 80ms + 1ms * client).client(client).set("user:1", "v").px(1s).ok();
    }
  }
  EXPECT_NE(find_finding(world.judged_by(all_rules()), "C101"), nullptr);
  settings told;
  told.roles.push_back({"user:*", key_role::mark});
  EXPECT_EQ(find_finding(world.judged_by(all_rules(), told), "C101"), nullptr);
}

TEST(audit_locks, AreNotKnownByTheirNameAlone) {
  stage world;
  for (int turn = 0; turn < 6; ++turn) {
    const std::string lock = "lock:10.0.0." + std::to_string(turn % 3);
    world.at(1s * turn).client(1).get(lock).miss();
    world.at(1s * turn + 1ms).client(1).set(lock, "1").ok();
    world.at(1s * turn + 100ms).client(1).get(lock).hit("1");
    world.at(1s * turn + 300ms).client(2).del(lock).answers(1);
  }
  EXPECT_TRUE(world.judged_by(all_rules()).findings.empty());
}

}  // namespace
}  // namespace drover::audit::script_rules_test
