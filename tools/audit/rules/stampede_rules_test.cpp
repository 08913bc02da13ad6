// SPDX-License-Identifier: MIT
// C101, C102, C104 and C105: traffic for which each rule must report a finding, and for each of its
// conditions traffic for which it must not.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"
#include "audit/rules/stampedes_for_test.hpp"

namespace drover::audit::stampede_rules_test {
namespace {

using namespace testing;
using status = coverage_line::status;
using std::chrono::microseconds;

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

}  // namespace
}  // namespace drover::audit::stampede_rules_test
