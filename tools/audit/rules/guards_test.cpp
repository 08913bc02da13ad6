// SPDX-License-Identifier: MIT
// Traffic that resembles a fault but is none. There is a test for each condition of a rule that has
// no test with the other tests of its rule.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"

namespace drover::audit::guards_test {
namespace {

using namespace testing;
using status = coverage_line::status;
using std::chrono::microseconds;

std::string numbered(std::string_view prefix, int number) {
  return std::string(prefix) + std::to_string(number);
}

TEST(audit_guards, C101NeedsAMissForEachLoad) {
  stage world;
  for (int id = 1; id <= 4; ++id) {
    const std::string key = numbered("user:", id);
    world.at(1s * id).client(1).get(key).miss();
    for (std::uint64_t writer = 5; writer <= 8; ++writer) {
      world.at(1s * id + 40ms + 1ms * writer).client(writer).set(key, "v").px(60s).ok();
    }
    for (int read = 0; read < 12; ++read) {
      world.at(1s * id + 100ms + 10ms * read).client(1).get(key).hit("v");
    }
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C101"), nullptr);
  EXPECT_EQ(find_finding(result, "C105"), nullptr);
}

TEST(audit_guards, TheOldEntryStoredAgainBeforeALoadIsNoSecondLoad) {
  // Rails' race_condition_ttl: the caller that finds the entry expired stores it again, then loads.
  stage world;
  world.at(0ms).client(1).get("user:1").miss();
  world.at(80ms).client(1).set("user:1", "v0").px(60s).ok();
  for (int turn = 1; turn <= 5; ++turn) {
    const microseconds begin = 2s * turn;
    const std::string old = numbered("v", turn - 1);
    const std::uint64_t client = 1 + static_cast<std::uint64_t>(turn) % 3;
    world.at(begin).client(client).get("user:1").hit(old);
    world.at(begin + 1ms).client(client).set("user:1", old).px(10s).ok();
    for (int read = 1; read <= 12; ++read) {
      world.at(begin + 5ms * read).client(4).get("user:1").hit(old);
    }
    world.at(begin + 80ms).client(client).set("user:1", numbered("v", turn)).px(60s).ok();
  }
  expect_silent(world.judged_by(all_rules()));
}

TEST(audit_guards, C102IsSilentWhereTheLeaseLetTheWaiterIn) {
  stage world;
  for (int id = 1; id <= 4; ++id) {
    const microseconds begin = 2s * id;
    const std::string key = numbered("user:", id);
    world.at(begin).client(1).get(key).miss();
    world.at(begin + 1ms).client(2).get(key).miss();
    world.at(begin + 2ms).client(1).set("lock:" + key, "a").nx().px(100ms).ok();
    world.at(begin + 3ms).client(2).set("lock:" + key, "b").nx().px(100ms).nil();
    world.at(begin + 90ms).client(1).set(key, "v").px(60s).ok();
    world.at(begin + 104ms).client(2).set("lock:" + key, "b").nx().px(100ms).ok();
    world.at(begin + 190ms).client(2).set(key, "v").px(60s).ok();
    world.at(begin + 191ms).client(2).compare_and_delete("lock:" + key, "b").answers(1);
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C102"), nullptr);
}

enum class waits_by { polling_the_value, polling_the_lock, blocking, subscribing };

/// Client 1 loads for half a second under a lock. Client 5 of the second process waits for it, and
/// the other callers of that process wait for client 5.
stage with_waiters(waits_by way) {
  stage world;
  world.belongs(500, {1, 2, 3}).belongs(600, {5, 6, 7});
  for (int id = 1; id <= 3; ++id) {
    const microseconds begin = 2s * id;
    const std::string key = numbered("user:", id);
    for (const std::uint64_t client : {1U, 2U, 3U, 5U, 6U, 7U}) {
      world.at(begin + 1ms * client).client(client).get(key).miss();
    }
    world.at(begin + 10ms).client(1).set("lock:" + key, "a").nx().px(5s).ok();
    world.at(begin + 11ms).client(5).set("lock:" + key, "b").nx().px(5s).nil();
    if (way == waits_by::blocking || way == waits_by::subscribing) {
      const bool blocks = way == waits_by::blocking;
      for (int retry = 1; retry <= 2; ++retry) {
        world.at(begin + 11ms + 2ms * retry).client(5).set("lock:" + key, "b").nx().px(5s).nil();
      }
      auto waiter = world.at(begin + 17ms).client(6);
      if (blocks) waiter.took(485ms).command("BLPOP").key("wake:" + key).word("5").items(2);
      if (!blocks) waiter.command("SUBSCRIBE").value("wake").items(3);
    } else {
      for (microseconds at = begin + 35ms; at < begin + 500ms; at += 25ms) {
        auto waiter = world.at(at).client(5);
        way == waits_by::polling_the_value ? waiter.get(key).miss()
                                           : waiter.exists("lock:" + key).answers(1);
      }
    }
    world.at(begin + 500ms).client(1).set(key, "v").px(60s).ok();
    world.at(begin + 501ms).client(1).compare_and_delete("lock:" + key, "a").answers(1);
    const std::uint64_t reader = way == waits_by::polling_the_value ? 5 : 7;
    world.at(begin + 520ms).client(reader).get(key).hit("v");
  }
  return world;
}

TEST(audit_guards, C102IsSilentForLossesOfEarlierRequests) {
  // A loser serves the old value and does not wait. Its next request, a second later, wins the lock
  // and refreshes the value.
  stage world;
  for (const std::uint64_t client : {1U, 2U})
    world.at(1ms * client).client(client).get("wx:1").miss();
  for (int turn = 0; turn < 8; ++turn) {
    const microseconds begin = 900ms * turn + 10ms;
    const std::uint64_t winner = 1 + static_cast<std::uint64_t>(turn) % 2;
    const std::string token = "t" + std::to_string(turn);
    if (turn > 0) world.at(begin - 5ms).client(winner).get("wx:1").hit("weather");
    world.at(begin).client(winner).set("wx:1:lock", token).nx().px(5s).ok();
    world.at(begin + 5ms).client(3 - winner).set("wx:1:lock", "x").nx().px(5s).nil();
    world.at(begin + 120ms).client(winner).set("wx:1", "weather").px(300s).ok();
    world.at(begin + 121ms).client(winner).compare_and_delete("wx:1:lock", token).answers(1);
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C102"), nullptr);
}

TEST(audit_guards, C103KnowsEveryWayToWait) {
  for (const waits_by way : {waits_by::polling_the_value, waits_by::polling_the_lock,
                             waits_by::blocking, waits_by::subscribing}) {
    const audit_result result = with_waiters(way).judged_by(all_rules());
    EXPECT_EQ(find_finding(result, "C103"), nullptr) << static_cast<int>(way);
    EXPECT_EQ(coverage_of(result, "C103"), status::pass) << static_cast<int>(way);
  }
}

/// Waiters give up long before the holder stores. If `held` is true, the tool held their replies.
stage given_up(bool held) {
  stage world;
  for (int id = 1; id <= 3; ++id) {
    const microseconds begin = 2s * id;
    const std::string key = numbered("user:", id);
    for (std::uint64_t client = 1; client <= 3; ++client) {
      world.at(begin + 1ms * client).client(client).get(key).miss();
      world.at(begin + 10ms + 1ms * client)
          .client(client)
          .set("lock:" + key, numbered("t", static_cast<int>(client)))
          .nx()
          .px(5s)
          .reply(client == 1);
    }
    for (int poll = 1; poll <= 6; ++poll) {
      world.at(begin + 12ms + 25ms * poll).client(2).get(key).miss();
    }
    world.at(begin + 700ms).client(1).set(key, "v").px(60s).ok();
    world.at(begin + 701ms).client(1).compare_and_delete("lock:" + key, "t1").answers(1);
    if (held) {
      world.tell(tool_acted{tool_acted::action_kind::miss_barrier, key, begin, begin + 600ms});
    }
  }
  return world;
}

TEST(audit_guards, C103SuspectsNobodyWhileTheToolHoldsReplies) {
  EXPECT_NE(find_finding(given_up(false).judged_by(all_rules()), "C103"), nullptr);
  EXPECT_EQ(find_finding(given_up(true).judged_by(all_rules()), "C103"), nullptr);
}

TEST(audit_guards, C105NeedsTwoProcesses) {
  stage world;
  world.belongs(500, {1, 2, 3});
  for (int id = 1; id <= 4; ++id) {
    for (std::uint64_t client = 1; client <= 3; ++client) {
      world.at(1s * id + 1ms * client).client(client).get(numbered("user:", id)).miss();
    }
    world.at(1s * id + 50ms).client(2).set(numbered("user:", id), "v").px(60s).ok();
    for (std::uint64_t client = 1; client <= 3; ++client) {
      world.at(1s * id + 60ms + 1ms * client).client(client).get(numbered("user:", id)).hit("v");
    }
  }
  const audit_result result = world.judged_by(all_rules());
  expect_silent(result);
  EXPECT_EQ(coverage_of(result, "C101"), status::pass);
  EXPECT_EQ(coverage_of(result, "C105"), status::not_exercised);
}

TEST(audit_guards, C106IsSilentForWhatAWorkerStoresAndForQueues) {
  stage world;
  for (int id = 1; id <= 3; ++id) {
    // Client 1 polls a result until a worker in another process has stored it. Result 9 is never
    // stored.
    for (int poll = 0; poll < 8; ++poll) {
      world.at(3s * id + 200ms * poll).client(1).get(numbered("result:", id)).miss();
      world.at(3s * id + 200ms * poll).client(2).get("result:9").miss();
      world.at(3s * id + 200ms * poll).client(4).took(190ms).command("BLPOP").key("jobs").nil();
    }
    world.at(3s * id + 1700ms).client(3).set(numbered("result:", id), "v").px(60s).ok();
    world.at(3s * id + 1800ms).client(1).get(numbered("result:", id)).hit("v");
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C106"), nullptr);
}

TEST(audit_guards, C201IsSilentForValuesThatNxStores) {
  stage world;
  for (int id = 1; id <= 5; ++id) {
    const std::string key = numbered("page:", id);
    for (std::uint64_t client = 1; client <= 3; ++client) {
      world.at(1s * id + 1ms * client).client(client).get(key).miss();
      world.at(1s * id + 50ms + 1ms * client)
          .client(client)
          .set(key, "v")
          .sized(400)
          .nx()
          .reply(client == 1);
      world.at(1s * id + 60ms + 1ms * client).client(client).get(key).hit_of(400);
    }
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C201"), nullptr);
}

TEST(audit_guards, C201KnowsThatAScriptsLeaseIsAnArgument) {
  for (const unsigned ttl_argument : {0U, 2U}) {  // 0: the script's body does not show it
    stage world;
    script_seen take;
    take.script = "take";
    take.does = script_seen::purpose::acquire;
    take.says = script_seen::success::null;
    take.token_argument = 1;
    take.ttl_argument = ttl_argument;
    world.at(0ms).tell(take);
    for (int id = 1; id <= 5; ++id) {
      const std::string key = numbered("user:", id);
      const std::string token = numbered("t", id);
      world.at(1s * id).client(1).get(key).miss();
      world.at(1s * id + 1ms).client(2).get(key).miss();
      world.at(1s * id + 2ms).client(1).script("take", "lock:" + key, token).word("5000").nil();
      world.at(1s * id + 3ms).client(2).script("take", "lock:" + key, "x").word("5000").answers(9);
      world.at(1s * id + 50ms).client(1).set(key, "v").px(60s).ok();
      world.at(1s * id + 51ms).client(1).compare_and_delete("lock:" + key, token).answers(1);
      world.at(1s * id + 70ms).client(2).get(key).hit("v");
    }
    const audit_result result = world.judged_by(all_rules());
    expect_silent(result);
    EXPECT_EQ(coverage_of(result, "C201"), ttl_argument == 0 ? status::not_judged : status::pass);
  }
}

TEST(audit_guards, C202DoesNotSayOfATransactionThatItMayBreakInItsMidst) {
  stage world;
  for (int turn = 1; turn <= 5; ++turn) {
    const auto number = static_cast<std::uint64_t>(turn);
    const std::string token = numbered("t", turn);
    world.at(1s * turn).client(1).get("user:1").miss();
    world.at(1s * turn + 1ms).client(1).exec(number).items(2);
    world.at(1s * turn + 1ms).client(1).in(number).setnx("lock:user:1", token).answers(1);
    world.at(1s * turn + 1ms).client(1).in(number).expire("lock:user:1", 5s).answers(1);
    world.at(1s * turn + 50ms).client(1).set("user:1", "v").px(500ms).ok();
    world.at(1s * turn + 51ms).client(1).compare_and_delete("lock:user:1", token).answers(1);
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C202");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_NE(finding->message.find("extends"), std::string::npos) << finding->message;
  EXPECT_EQ(finding->message.find("never ends"), std::string::npos) << finding->message;
  EXPECT_EQ(find_finding(result, "C201"), nullptr);
}

TEST(audit_guards, C206IsNoProofWhereTokensAreAllAlike) {
  stage world;
  for (int turn = 1; turn <= 3; ++turn) {
    const microseconds begin = 1s * turn;
    const std::string lock = "lock:user:1";
    world.at(begin).client(1).get("user:1").miss();
    world.at(begin + 1ms).client(2).get("user:1").miss();
    world.at(begin + 2ms).client(1).set(lock, "1").nx().px(100ms).ok();
    world.at(begin + 4ms).client(2).set(lock, "1").nx().px(100ms).nil();
    world.at(begin + 104ms).client(2).set(lock, "1").nx().px(100ms).ok();
    world.at(begin + 140ms).client(1).get(lock).hit("1");
    world.at(begin + 150ms).client(1).del(lock).answers(1);
    world.at(begin + 180ms).client(2).set("user:1", "v").px(500ms).ok();
    world.at(begin + 181ms).client(2).del(lock).answers(0);
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C206");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->confidence, confidence::strong);
}

TEST(audit_guards, C208KnowsThatRenewalsMakeRoom) {
  stage world;
  for (int turn = 1; turn <= 6; ++turn) {
    const microseconds begin = 1s * turn;
    const std::string token = numbered("t", turn);
    world.at(begin).client(1).get("user:1").miss();
    world.at(begin + 1ms).client(2).get("user:1").miss();
    world.at(begin + 2ms).client(1).set("lock:user:1", token).nx().px(200ms).ok();
    world.at(begin + 3ms).client(2).set("lock:user:1", "x").nx().px(200ms).nil();
    world.at(begin + 70ms).client(1).renew("lock:user:1", token, 200ms).answers(1);
    world.at(begin + 140ms).client(1).renew("lock:user:1", token, 200ms).answers(1);
    world.at(begin + 190ms).client(1).set("user:1", "v").px(500ms).ok();
    world.at(begin + 191ms).client(1).compare_and_delete("lock:user:1", token).answers(1);
    world.at(begin + 200ms).client(2).get("user:1").hit("v");
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C208"), nullptr);
}

TEST(audit_guards, C211NeedsSomebodyWhoWaits) {
  stage world;
  for (int day = 1; day <= 8; ++day) {
    const std::string token = numbered("t", day);
    world.at(100s * day).client(1).set("lock:nightly", token).nx().px(3600s).ok();
    world.at(100s * day + 2s).client(1).compare_and_delete("lock:nightly", token).answers(1);
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C211"), nullptr);
}

TEST(audit_guards, C301AndC304KnowKeepttl) {
  stage world;
  for (int id = 1; id <= 5; ++id) {
    const std::string key = numbered("user:", id);
    world.at(1s * id).client(1).get(key).miss();
    world.at(1s * id + 50ms).client(1).set(key, "v").px(60s).ok();
    world.at(1s * id + 300ms).client(2).get(key).hit("v");
    world.at(1s * id + 400ms).client(2).set(key, "w").keepttl().ok();
    world.at(1s * id + 500ms).client(1).get(key).hit("w");
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C301"), nullptr);
  EXPECT_EQ(find_finding(result, "C304"), nullptr);
}

TEST(audit_guards, AReplyThatIsToldAfterTheStoreDoesNotHideTheTtl) {
  // The server said "nothing" before it stored the value; the client of another connection got the
  // reply afterwards.
  stage world;
  for (int i = 0; i < 5; ++i) {
    const auto begin = 1s * i;
    world.at(begin).client(1).get("doc:1").miss();
    world.at(begin + 39ms).client(2).took(3ms).get("doc:1").miss();
    world.at(begin + 40ms).client(1).set("doc:1", "a document as it was loaded").px(700ms).ok();
    const std::string changed = "a document that was changed " + std::to_string(i);
    world.at(begin + 60ms).client(2).set("doc:1", changed).xx().keepttl().ok();
    world.at(begin + 90ms).client(1).get("doc:1").hit(changed);
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C301"), nullptr);
  EXPECT_EQ(find_finding(result, "C304"), nullptr);
}

TEST(audit_guards, FastPollersDoNotHideTheMissOfTheLoader) {
  stage world;
  for (int turn = 0; turn < 3; ++turn) {
    const auto begin = 2s * turn;
    world.at(begin).client(1).get("geo:1").miss();
    for (int poll = 0; poll < 120; ++poll) {
      for (const std::uint64_t client : {2U, 3U, 4U}) {
        world.at(begin + 1ms + 2ms * poll + 100us * client).client(client).get("geo:1").miss();
      }
    }
    world.at(begin + 250ms).client(1).set("geo:1", "a tile that took long").ok();
    world.at(begin + 260ms).client(2).get("geo:1").hit("a tile that took long");
    world.at(begin + 1500ms).client(5).del("geo:1").answers(1);
  }
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C301"), nullptr);
  EXPECT_EQ(find_finding(result, "C301")->count, 3U);
}

TEST(audit_guards, C401IsSilentForADeleteThatIsPartOfTheStore) {
  stage world;
  for (int id = 1; id <= 4; ++id) {
    const std::string key = numbered("row:", id);
    const auto number = static_cast<std::uint64_t>(id);
    world.at(1s * id).client(1).hgetall(key).items(0);
    world.at(1s * id + 50ms).client(1).exec(number).items(3);
    world.at(1s * id + 50ms).client(1).in(number).del(key).answers(0);
    world.at(1s * id + 50ms).client(1).in(number).hset(key, "x").answers(1);
    world.at(1s * id + 50ms).client(1).in(number).expire(key, 60s).answers(1);
    world.at(1s * id + 80ms).client(2).hgetall(key).items(2);
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C401"), nullptr);
}

TEST(audit_guards, C402IsSilentForRefreshersOnOneSharedConnection) {
  stage world;
  world.at(0ms).client(1).get("user:1").miss();
  world.at(40ms).client(1).set("user:1", "v").px(60s).ok();
  for (int turn = 1; turn <= 8; ++turn) {
    const microseconds begin = 200ms * turn;
    for (const std::uint64_t client : {1U, 2U}) {  // two commands at a time on each connection
      world.at(begin + 1ms * client).client(client).took(30ms).get("user:1").hit("v");
      world.at(begin + 2ms + 1ms * client).client(client).took(30ms).get("user:1").hit("v");
    }
    world.at(begin + 45ms).client(1).set("user:1", "v").px(60s).ok();
    world.at(begin + 46ms).client(2).set("user:1", "v").px(60s).ok();
  }
  const audit_result result = world.judged_by(all_rules());
  expect_silent(result, severity::warning);  // C104 reports the pairs
  EXPECT_EQ(find_finding(result, "C402"), nullptr);
}

TEST(audit_guards, C403IsSilentForOneCommandThatStoresBoth) {
  stage world;
  for (int id = 1; id <= 4; ++id) {
    const std::string key = numbered("page:", id);
    world.at(1s * id).client(1).get(key).miss();
    world.at(1s * id + 50ms)
        .client(1)
        .command("MSET")
        .key(key)
        .value("v")
        .key(key + ":ts")
        .value("1")
        .ok();
    world.at(1s * id + 51ms).client(1).expire(key, 60s).answers(1);
    world.at(1s * id + 51ms).client(1).expire(key + ":ts", 60s).answers(1);
    world.at(1s * id + 60ms).client(2).get(key).hit("v");
    world.at(1s * id + 61ms).client(2).get(key + ":ts").hit("1");
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C403"), nullptr);
}

}  // namespace
}  // namespace drover::audit::guards_test
