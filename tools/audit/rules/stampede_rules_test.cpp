// SPDX-License-Identifier: MIT C101 to C106: traffic for which each rule must report a finding, and
// for each of its conditions traffic for which it must not.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"

namespace drover::audit::stampede_rules_test {
namespace {

using namespace testing;
using status = coverage_line::status;
using std::chrono::microseconds;

status coverage_of(const audit_result& result, std::string_view rule) {
  const coverage_line* const line = find_coverage(result, rule);
  return line == nullptr ? status::not_exercised : line->state;
}

std::string key_of(int id) { return "user:" + std::to_string(id); }

/// Clients 1 to `clients` miss at the same time, load for 100 ms, store, and read the value.
void stampede(stage& world, microseconds begin, const std::string& key, std::uint64_t clients) {
  for (std::uint64_t i = 1; i <= clients; ++i) {
    world.at(begin + 1ms * i).client(i).get(key).miss();
    world.at(begin + 100ms + 1ms * i).client(i).set(key, "v" + std::to_string(i)).px(60s).ok();
  }
  for (std::uint64_t i = 1; i <= clients; ++i) {
    for (int read = 0; read < 4; ++read) {
      world.at(begin + 200ms + 5ms * read + 1ms * i).client(i).get(key).hit();
    }
  }
}

struct lock_scenario {
  std::uint64_t clients = 4;
  microseconds load = 100ms;
  bool reads_again = true;  ///< read again after taking the lock
  bool deletes_plainly = false;
  std::string token = "t";
};

/// Client 1 loads under a lock. The other clients fail to take it and poll the value every 25 ms.
void locked(stage& world, microseconds begin, const std::string& key,
            const lock_scenario& scenario = {}) {
  const std::string lock = "lock:" + key;
  const std::string token = scenario.token + std::to_string(begin.count());
  for (std::uint64_t i = 1; i <= scenario.clients; ++i) {
    world.at(begin + 1ms * i).client(i).get(key).miss();
    world.at(begin + 10ms + 1ms * i)
        .client(i)
        .set(lock, i == 1 ? token : "o" + token)
        .nx()
        .px(5s)
        .reply(i == 1);
  }
  if (scenario.reads_again) world.at(begin + 20ms).client(1).get(key).miss();
  microseconds at = begin + 35ms;
  for (; at < begin + scenario.load; at += 25ms) {
    for (std::uint64_t i = 2; i <= scenario.clients; ++i)
      world.at(at + 1ms * i).client(i).get(key).miss();
  }
  world.at(begin + scenario.load).client(1).set(key, "v").px(60s).ok();
  if (scenario.deletes_plainly) {
    world.at(begin + scenario.load + 1ms).client(1).del(lock).answers(1);
  } else {
    world.at(begin + scenario.load + 1ms).client(1).compare_and_delete(lock, token).answers(1);
  }
  for (std::uint64_t i = 2; i <= scenario.clients; ++i) {
    world.at(begin + scenario.load + 25ms + 1ms * i).client(i).get(key).hit("v");
  }
}

TEST(audit_c101, IsRaisedForANaiveStampede) {
  stage world;
  stampede(world, 0ms, "user:42", 12);
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C101");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->confidence, confidence::proof);
  EXPECT_EQ(finding->pattern, "user:*");
  EXPECT_EQ(finding->count, 1U);
  ASSERT_EQ(finding->evidence_list.size(), 1U);
  EXPECT_EQ(finding->evidence_list[0].key, "user:42");
  EXPECT_GE(finding->evidence_list[0].timeline.size(), 24U);
  EXPECT_NE(finding->message.find("12 in the worst case"), std::string::npos) << finding->message;
  EXPECT_EQ(coverage_of(result, "C101"), status::fail);
  EXPECT_EQ(result.outcome, verdict::fail);
}

TEST(audit_c101, IsOneFindingForManyKeysWithSlugs) {
  stage world;
  for (int i = 0; i < 30; ++i) {
    const std::string slug = std::string(1, static_cast<char>('a' + i % 26)) + "-slug" +
                             std::string(1, static_cast<char>('a' + i / 26));
    stampede(world, 400ms * i, "page:" + slug, 4);
  }
  const audit_result result = world.judged_by(all_rules());
  std::uint64_t findings = 0;
  for (const finding& finding : result.findings)
    if (finding.rule == "C101") ++findings;
  EXPECT_EQ(findings, 1U);
  const finding* const finding = find_finding(result, "C101");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->pattern, "page:*");
  EXPECT_EQ(finding->count, 30U) << "those before the pattern was known count too";
  EXPECT_EQ(finding->keys.size(), 5U);
  EXPECT_EQ(finding->severity, severity::error);
}

TEST(audit_c101, IsRaisedForAStampedeThatNxHides) {
  stage world;
  for (std::uint64_t i = 1; i <= 6; ++i) {
    world.at(1ms * i).client(i).get("page:7").miss();
    world.at(100ms + 1ms * i)
        .client(i)
        .set("page:7", "value")
        .sized(400)
        .nx()
        .px(60s)
        .reply(i == 1);
    world.at(110ms + 1ms * i).client(i).get("page:7").hit_of(400);
  }
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C101"), nullptr);
  EXPECT_EQ(find_finding(result, "C103"), nullptr);
}

TEST(audit_c101, NeedsTwoColdEventsOrThreeLoads) {
  stage once;
  stampede(once, 0ms, "user:1", 2);
  EXPECT_EQ(find_finding(once.judged_by(all_rules()), "C101"), nullptr);
  stage twice;
  stampede(twice, 0ms, "user:1", 2);
  stampede(twice, 1s, "user:2", 2);
  EXPECT_NE(find_finding(twice.judged_by(all_rules()), "C101"), nullptr);
}

TEST(audit_c101, IsSilentForACorrectLock) {
  stage world;
  for (int id = 1; id <= 5; ++id) locked(world, 1s * id, key_of(id));
  const audit_result result = world.judged_by(all_rules());
  for (const finding& finding : result.findings) {
    EXPECT_EQ(finding.severity, severity::info) << finding.rule << ": " << finding.message;
  }
  EXPECT_EQ(coverage_of(result, "C101"), status::pass);
  EXPECT_EQ(coverage_of(result, "C103"), status::pass);
  EXPECT_EQ(result.outcome, verdict::pass) << result.reason;
  EXPECT_EQ(result.run.contended_cold_events, 5U);
}

TEST(audit_c101, IsSilentForSessionsThatAreStoredAtEachRequest) {
  stage world;
  for (int id = 1; id <= 3; ++id) {
    for (std::uint64_t i = 1; i <= 3; ++i) {
      const std::string key = "basket:" + std::to_string(id);
      world.at(1s * id + 1ms * i).client(i).get(key).miss();
      world.at(1s * id + 10ms + 1ms * i).client(i).set(key, "a").px(60s).ok();
      for (int turn = 0; turn < 5; ++turn) {
        world.at(1s * id + 300ms + 100ms * turn + 1ms * i).client(i).get(key).hit("a");
        world.at(1s * id + 310ms + 100ms * turn + 1ms * i).client(i).set(key, "b").px(60s).ok();
      }
    }
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C101"), nullptr);
}

TEST(audit_c101, TakesStoresOfOneTransactionForOneLoad) {
  stage world;
  for (int turn = 0; turn < 4; ++turn) {
    const microseconds begin = 1s * turn;
    const auto number = static_cast<std::uint64_t>(turn + 1);
    world.at(begin).client(1).hgetall("row:9").items(0);
    world.at(begin + 1ms).client(2).hgetall("row:9").items(0);
    world.at(begin + 50ms).client(1).exec(number).items(3);
    world.at(begin + 50ms).client(1).in(number).del("row:9").answers(0);
    world.at(begin + 50ms).client(1).in(number).hset("row:9", "x").answers(1);
    world.at(begin + 50ms).client(1).in(number).expire("row:9", 1s).answers(1);
    for (std::uint64_t i = 1; i <= 4; ++i) {
      world.at(begin + 80ms + 1ms * i).client(2).hgetall("row:9").items(2);
    }
    world.at(begin + 200ms).client(1).del("row:9").answers(1);
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C101"), nullptr);
  EXPECT_EQ(find_finding(result, "C301"), nullptr);
  EXPECT_EQ(result.run.loads, 4U);
}

TEST(audit_c101, TakesAMarkPutInByNxForNoLoad) {
  stage world;
  for (int id = 1; id <= 4; ++id) {
    const microseconds begin = 1s * id;
    const std::string key = key_of(id);
    for (std::uint64_t i = 1; i <= 4; ++i) {
      world.at(begin + 1ms * i).client(i).get(key).miss();
      world.at(begin + 5ms + 1ms * i)
          .client(i)
          .set(key, "id" + std::to_string(i))
          .nx()
          .with_get()
          .px(5s)
          .reply(i == 1, "id1");
    }
    world.at(begin + 100ms).client(1).compare_and_store(key, "id1", "value", 60s).answers(1);
    for (std::uint64_t i = 2; i <= 4; ++i) world.at(begin + 110ms).client(i).get(key).hit("value");
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C101"), nullptr);
  EXPECT_EQ(find_finding(result, "C103"), nullptr);
  EXPECT_EQ(result.run.loads, 4U);
}

TEST(audit_c102, IsRaisedForAQueueOfLoads) {
  stage world;
  const std::string lock = "lock:user:42";
  for (std::uint64_t i = 1; i <= 3; ++i) {
    world.at(1ms * i).client(i).get("user:42").miss();
    world.at(10ms + 1ms * i).client(i).set(lock, "t" + std::to_string(i)).nx().px(5s).reply(i == 1);
  }
  for (std::uint64_t i = 1; i <= 3; ++i) {
    const microseconds begin = 150ms * (i - 1);
    if (i > 1) {
      world.at(begin).client(i).set(lock, "t" + std::to_string(i)).nx().px(5s).ok();
    }
    world.at(begin + 110ms).client(i).set("user:42", "v" + std::to_string(i)).px(60s).ok();
    world.at(begin + 111ms).client(i).compare_and_delete(lock, "t" + std::to_string(i)).answers(1);
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C102");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->count, 2U);
  EXPECT_EQ(finding->pattern, "user:*");
  EXPECT_EQ(find_finding(result, "C101"), nullptr);
  EXPECT_EQ(find_finding(result, "C103"), nullptr);
}

TEST(audit_c102, IsSilentIfTheWaiterReadsAgainAndGoes) {
  stage world;
  for (int id = 1; id <= 3; ++id) {
    const microseconds begin = 1s * id;
    const std::string key = key_of(id);
    const std::string lock = "lock:" + key;
    world.at(begin).client(1).get(key).miss();
    world.at(begin + 1ms).client(2).get(key).miss();
    world.at(begin + 2ms).client(1).set(lock, "a").nx().px(5s).ok();
    world.at(begin + 3ms).client(2).set(lock, "b").nx().px(5s).nil();
    world.at(begin + 90ms).client(1).set(key, "v").px(60s).ok();
    world.at(begin + 91ms).client(1).compare_and_delete(lock, "a").answers(1);
    world.at(begin + 103ms).client(2).set(lock, "b").nx().px(5s).ok();
    world.at(begin + 104ms).client(2).get(key).hit("v");
    world.at(begin + 105ms).client(2).compare_and_delete(lock, "b").answers(1);
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C102"), nullptr);
  EXPECT_EQ(coverage_of(result, "C102"), status::pass);
}

TEST(audit_c102, IsSilentForRefreshesByTurns) {
  stage world;
  // Each second one of two clients refreshes a live value under the lock. The other one keeps the
  // value that it read.
  for (int turn = 0; turn < 6; ++turn) {
    const microseconds begin = 1s * turn;
    const std::uint64_t client = turn % 2 == 0 ? 1 : 2;
    const std::string token = "t" + std::to_string(turn);
    world.at(begin).client(client).get("user:1").hit("v");
    world.at(begin + 1ms).client(3 - client).get("user:1").hit("v");
    world.at(begin + 2ms).client(client).set("lock:user:1", token).nx().px(5s).ok();
    world.at(begin + 3ms).client(3 - client).set("lock:user:1", "x").nx().px(5s).nil();
    world.at(begin + 80ms).client(client).set("user:1", "v" + token).px(60s).ok();
    world.at(begin + 81ms).client(client).compare_and_delete("lock:user:1", token).answers(1);
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C102"), nullptr);
}

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

/// `refreshers` of 4 readers of a live value store it at the same time.
void refresh_at_once(stage& world, microseconds begin, std::uint64_t refreshers) {
  for (std::uint64_t i = 1; i <= 4; ++i) {
    for (int read = 0; read < 3; ++read) {
      world.at(begin + 10ms * read + 1ms * i).client(i).get("user:1").hit("v");
    }
  }
  for (std::uint64_t i = 1; i <= refreshers; ++i) {
    world.at(begin + 100ms + 2ms * i).client(i).set("user:1", "v").px(60s).ok();
  }
}

TEST(audit_c104, IsRaisedForBurstsOfRefreshes) {
  stage world;
  for (int turn = 1; turn <= 3; ++turn) refresh_at_once(world, 1s * turn, 4);
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C104");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 3U);
  EXPECT_EQ(find_finding(result, "C101"), nullptr);
}

TEST(audit_c104, SaysOfPairsNoMoreThanThat) {
  stage world;
  for (int turn = 1; turn <= 5; ++turn) refresh_at_once(world, 1s * turn, 2);
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C104"), nullptr);
  EXPECT_EQ(find_finding(result, "C104")->severity, severity::info);
}

TEST(audit_c104, WarnsWhereNearlyEveryRefreshIsDoubled) {
  stage world;
  for (int turn = 1; turn <= 24; ++turn) {
    refresh_at_once(world, 1s * turn, turn % 12 == 0 ? 1 : 2);
  }
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C104"), nullptr);
  EXPECT_EQ(find_finding(result, "C104")->severity, severity::warning);
  EXPECT_EQ(find_finding(result, "C104")->count, 22U);
  stage mixed;
  for (int turn = 1; turn <= 24; ++turn) refresh_at_once(mixed, 1s * turn, turn % 3 == 0 ? 1 : 2);
  const audit_result some = mixed.judged_by(all_rules());
  ASSERT_NE(find_finding(some, "C104"), nullptr);
  EXPECT_EQ(find_finding(some, "C104")->severity, severity::info);
}

TEST(audit_c104, IsSilentForOneRefresherAndAfterMisses) {
  stage single;
  for (int turn = 1; turn <= 5; ++turn) refresh_at_once(single, 1s * turn, 1);
  const audit_result result = single.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C104"), nullptr);
  EXPECT_EQ(coverage_of(result, "C104"), status::pass);
  stage cold;
  stampede(cold, 0ms, "user:1", 6);
  EXPECT_EQ(find_finding(cold.judged_by(all_rules()), "C104"), nullptr);
}

/// Two processes with three connections each request a key. Each process loads it `loads` times.
void two_processes(stage& world, microseconds begin, const std::string& key, std::uint64_t loads) {
  world.belongs(500, {1, 2, 3}).belongs(600, {4, 5, 6});
  for (std::uint64_t i = 1; i <= 6; ++i) world.at(begin + 1ms * i).client(i).get(key).miss();
  for (std::uint64_t i = 1; i <= loads; ++i) {
    world.at(begin + 100ms + 1ms * i).client(i).set(key, "v").px(60s).ok();
    world.at(begin + 101ms + 1ms * i).client(3 + i).set(key, "v").px(60s).ok();
  }
  for (int read = 0; read < 6; ++read) {
    for (std::uint64_t i = 1; i <= 6; ++i) {
      world.at(begin + 200ms + 10ms * read + 1ms * i).client(i).get(key).hit("v");
    }
  }
}

TEST(audit_c105, IsRaisedForOneLoadInEachProcess) {
  stage world;
  for (int id = 1; id <= 3; ++id) two_processes(world, 1s * id, key_of(id), 1);
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C105");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(find_finding(result, "C101"), nullptr);
}

TEST(audit_c105, LeavesSeveralLoadsInOneProcessToC101) {
  stage world;
  for (int id = 1; id <= 3; ++id) two_processes(world, 1s * id, key_of(id), 2);
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C105"), nullptr);
  EXPECT_NE(find_finding(result, "C101"), nullptr);
}

/// Stampedes of one process with a pool. The process of one of its connections is unknown.
stage pool_with_an_unknown(int cold_events, std::uint64_t clients) {
  stage world;
  for (std::uint64_t i = 1; i < clients; ++i) world.belongs(500, {i});
  world.unknown({clients}, "127.0.0.1");
  for (int id = 1; id <= cold_events; ++id) stampede(world, 1s * id, key_of(id), clients);
  return world;
}

TEST(audit_c101, CountsAConnectionOfAnUnknownProcessAsNoSecondProcess) {
  for (const std::uint64_t clients : {2U, 3U, 5U}) {
    const audit_result result = pool_with_an_unknown(4, clients).judged_by(all_rules());
    const finding* const finding = find_finding(result, "C101");
    ASSERT_NE(finding, nullptr) << clients;
    EXPECT_EQ(finding->count, 4U);
    ASSERT_FALSE(finding->evidence_list.empty());
    const std::string& summary = finding->evidence_list[0].summary;
    EXPECT_NE(summary.find("by 1 process and "), std::string::npos) << summary;
    EXPECT_NE(summary.find("unknown"), std::string::npos) << summary;
    EXPECT_EQ(find_finding(result, "C105"), nullptr) << clients;
    EXPECT_EQ(coverage_of(result, "C105"), status::not_judged) << clients;
    EXPECT_EQ(result.run.processes, 1U);
  }
}

TEST(audit_c101, CountsAnotherMachineAsAnotherProcess) {
  stage world;
  world.belongs(500, {1, 2}).unknown({3}, "10.0.0.9");
  for (int id = 1; id <= 3; ++id) stampede(world, 1s * id, key_of(id), 3);
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C101"), nullptr);
  const std::string& summary = find_finding(result, "C101")->evidence_list[0].summary;
  EXPECT_NE(summary.find("by 2 processes"), std::string::npos) << summary;
  EXPECT_EQ(result.run.processes, 2U);
}

TEST(audit_c105, SaysNothingOfAnUnknownProcessBesideTwoThatAreKnown) {
  stage world;
  world.unknown({7}, "127.0.0.1");
  for (int id = 1; id <= 4; ++id) {
    const microseconds begin = 1s * id;
    if (id == 2) {
      world.at(begin).client(7).get(key_of(id)).miss();
      world.at(begin + 99ms).client(7).set(key_of(id), "v").px(60s).ok();
    }
    two_processes(world, begin, key_of(id), 1);
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C105");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->count, 4U);
  EXPECT_EQ(find_finding(result, "C101"), nullptr);
  EXPECT_EQ(finding->message.find("3 processes"), std::string::npos) << finding->message;
  EXPECT_EQ(finding->message.find("3 loads by 2"), std::string::npos) << finding->message;
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

TEST(audit_c106, IsRaisedForAMissingRow) {
  stage world;
  world.at(0ms).client(1).get("user:1").miss();
  world.at(50ms).client(1).set("user:1", "v").px(60s).ok();
  for (int i = 0; i < 8; ++i) world.at(200ms + 300ms * i).client(1).get("user:999").miss();
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C106");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  ASSERT_EQ(finding->keys.size(), 1U);
  EXPECT_EQ(finding->keys[0], "user:999");
}

TEST(audit_c106, IsAnErrorWhenTheOriginIsAsked) {
  stage world;
  world.at(0ms).client(1).get("user:1").miss();
  world.at(50ms).client(1).set("user:1", "v").px(60s).ok();
  for (int i = 0; i < 8; ++i) {
    world.at(200ms + 300ms * i).client(1).get("user:999").miss();
    world.at(210ms + 300ms * i).tell(origin_loads{world.now(), 1, "user:999", "log"});
  }
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C106"), nullptr);
  EXPECT_EQ(find_finding(result, "C106")->severity, severity::error);
}

TEST(audit_c106, IsRaisedForEmptyTenuresOfALock) {
  stage world;
  for (int i = 0; i < 6; ++i) {
    const microseconds begin = 100ms * i;
    const std::string token = "t" + std::to_string(i);
    world.at(begin).client(1).get("user:999").miss();
    world.at(begin + 1ms).client(1).set("lock:user:999", token).nx().px(5s).ok();
    world.at(begin + 2ms).client(2).set("lock:user:999", "x").nx().px(5s).nil();
    world.at(begin + 60ms).client(1).compare_and_delete("lock:user:999", token).answers(1);
  }
  EXPECT_NE(find_finding(world.judged_by(all_rules()), "C106"), nullptr);
}

TEST(audit_c106, IsSilentForFlagsAndForRememberedAbsence) {
  stage flags;
  for (int i = 0; i < 20; ++i) {
    flags.at(200ms * i).client(1).get("banned:" + std::to_string(i % 2)).miss();
  }
  EXPECT_EQ(find_finding(flags.judged_by(all_rules()), "C106"), nullptr);
  stage remembered;
  for (int id = 1; id <= 4; ++id) {
    remembered.at(300ms * id).client(1).get(key_of(id)).miss();
    remembered.at(300ms * id + 20ms).client(1).set(key_of(id), "none").px(30s).ok();
    remembered.at(300ms * id + 100ms).client(1).get(key_of(id)).hit("none");
  }
  const audit_result result = remembered.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C106"), nullptr);
  EXPECT_EQ(coverage_of(result, "C106"), status::pass);
}

/// One client loads and stores. `silent` others load and store nothing. A counter that names no
/// keys counts all loads.
stage counted_loads(int silent, std::string_view source) {
  stage world;
  for (int turn = 1; turn <= 8; ++turn) {
    const microseconds begin = 2s * turn;
    const std::string key = key_of(turn % 2);
    for (int client = 1; client <= 1 + silent; ++client) {
      world.at(begin + 1ms * client).client(static_cast<std::uint64_t>(client)).get(key).miss();
    }
    world.at(begin + 50ms)
        .tell(origin_loads{begin + 50ms, 1U + static_cast<unsigned>(silent), "",
                           std::string{source}});
    world.at(begin + 80ms).client(1).set(key, "a row of the table, as text").px(1500ms).ok();
    world.at(begin + 300ms).client(2).get(key).hit("a row of the table, as text");
  }
  return world;
}

TEST(audit_c108, IsRaisedForLoadsThatLeaveNoTrace) {
  const audit_result result = counted_loads(4, "redis 127.0.0.1:6379 n").judged_by(all_rules());
  const finding* const finding = find_finding(result, "C108");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 32U);
  EXPECT_EQ(finding->opportunities, 40U);
  EXPECT_EQ(finding->pattern, "user:*");
}

TEST(audit_c108, PassesWhereEachLoadIsStored) {
  const audit_result result = counted_loads(0, "redis 127.0.0.1:6379 n").judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C108"), nullptr);
  EXPECT_EQ(coverage_of(result, "C108"), status::pass);
}

TEST(audit_c108, IsSilentForQueriesThatNeedNotBeLoads) {
  EXPECT_EQ(find_finding(counted_loads(4, "tcp 127.0.0.1:5432").judged_by(all_rules()), "C108"),
            nullptr);
}

}  // namespace
}  // namespace drover::audit::stampede_rules_test
