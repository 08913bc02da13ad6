// SPDX-License-Identifier: MIT
// C601 to C605, the notices, and the recognition of libraries.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"
#include "audit/rules/explain.hpp"

namespace drover::audit::key_rules_test {
namespace {

using namespace testing;

using status = coverage_line::status;

const finding* noticed(const audit_result& result, std::string_view rule) {
  const auto at = std::find_if(result.notices.begin(), result.notices.end(),
                               [&](const finding& finding) { return finding.rule == rule; });
  return at == result.notices.end() ? nullptr : &*at;
}

/// A cached value is missed, stored and read.
void cached(stage& world, std::chrono::microseconds at, const std::string& key) {
  world.at(at).client(1).get(key).miss();
  world.at(at + 20ms).client(1).set(key, "v" + key).px(60s).ok();
  world.at(at + 30ms).client(2).get(key).hit("v" + key);
}

TEST(audit_c601, IsRaisedForKeysWithoutAPrefix) {
  stage world;
  for (int i = 0; i < 6; ++i) cached(world, 10ms * i, "user" + std::to_string(i));
  for (int i = 0; i < 40; ++i) cached(world, 100ms + 10ms * i, "page:" + std::to_string(i));
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C601"), nullptr);
  EXPECT_EQ(find_finding(result, "C601")->severity, severity::warning);
  EXPECT_EQ(coverage_of(result, "C601"), status::fail);
}

TEST(audit_c601, IsSilentForAFewOddOnesAndForPrefixes) {
  stage world;
  for (int i = 0; i < 4; ++i) cached(world, 10ms * i, "user" + std::to_string(i));
  for (int i = 0; i < 40; ++i) cached(world, 100ms + 10ms * i, "page:" + std::to_string(i));
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C601"), nullptr);
  EXPECT_EQ(coverage_of(result, "C601"), status::pass);
}

TEST(audit_c601, SaysNothingOfHiddenNames) {
  stage world;
  world.begun.keys_hidden = true;
  for (int i = 0; i < 10; ++i) {
    cached(world, 10ms * i, "00112233445566" + std::to_string(10 + i));
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C601"), nullptr);
  EXPECT_EQ(coverage_of(result, "C601"), status::not_judged);
}

constexpr const char* results = "a list of results that is longer than any mark would be";

TEST(audit_c602, IsRaisedForHundredsOfKeysWithoutHits) {
  stage world;
  for (int i = 0; i < 520; ++i) {
    const std::string key = "search:" + std::to_string(1000 + i);
    world.at(10ms * i).client(1).get(key).miss();
    world.at(10ms * i + 5ms).client(1).set(key, results).px(60s).ok();
  }
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C602");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->count, 520U);
  EXPECT_EQ(finding->confidence, confidence::suspected);
}

TEST(audit_c602, IsSilentWithHitsAndForFewKeys) {
  stage many;
  for (int i = 0; i < 520; ++i) {
    const std::string key = "search:" + std::to_string(1000 + i);
    many.at(10ms * i).client(1).get(key).miss();
    many.at(10ms * i + 5ms).client(1).set(key, results).px(60s).ok();
    if (i % 10 == 0) many.at(10ms * i + 7ms).client(2).get(key).hit(results);
  }
  const audit_result result = many.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C602"), nullptr);
  EXPECT_EQ(coverage_of(result, "C602"), status::pass);
  stage few;
  for (int i = 0; i < 40; ++i) {
    few.at(10ms * i).client(1).get("search:" + std::to_string(i)).miss();
    few.at(10ms * i + 5ms).client(1).set("search:" + std::to_string(i), results).px(60s).ok();
  }
  EXPECT_EQ(coverage_of(few.judged_by(all_rules()), "C602"), status::not_exercised);
}

TEST(audit_c603, IsAHintFrom100KbAndAWarningFrom1Mb) {
  for (const auto& [bytes, expected] :
       {std::pair{99'999U, -1}, std::pair{100'000U, 0}, std::pair{1'000'000U, 1}}) {
    stage world;
    world.at(0ms).client(1).get("page:1").miss();
    world.at(20ms).client(1).set("page:1", "v").sized(bytes).px(60s).ok();
    world.at(40ms).client(2).get("page:1").hit_of(bytes);
    const audit_result result = world.judged_by(all_rules());
    const finding* const finding = find_finding(result, "C603");
    ASSERT_EQ(finding != nullptr, expected >= 0) << bytes;
    if (finding == nullptr) continue;
    EXPECT_EQ(finding->severity, static_cast<severity>(expected)) << bytes;
  }
}

TEST(audit_c603, SeesWhatIsOnlyRead) {
  stage world;
  world.at(0ms).client(1).get("page:1").hit_of(300'000);
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C603"), nullptr);
  EXPECT_EQ(find_finding(result, "C603")->keys.front(), "page:1");
}

TEST(audit_c604, IsRaisedForCommandsThatStopTheServer) {
  stage world;
  for (int i = 0; i < 25; ++i) cached(world, 10ms * i, "page:" + std::to_string(i));
  world.at(7s).client(1).took(30ms).command("KEYS").word("*").items(400);
  world.at(8s).client(1).command("FLUSHDB").ok();
  const audit_result result = world.judged_by(all_rules());
  const auto is_of = [](const char* command) {
    return [command](const finding& finding) {
      return finding.rule == "C604" && finding.pattern == command;
    };
  };
  for (const char* command : {"KEYS", "FLUSHDB"}) {
    const auto at = std::find_if(result.findings.begin(), result.findings.end(), is_of(command));
    ASSERT_NE(at, result.findings.end()) << command;
    EXPECT_EQ(at->severity, severity::error);
    EXPECT_EQ(at->evidence_list.front().timeline.size(), 1U);
  }
}

TEST(audit_c604, IsRaisedForWholeCollectionsThatAreLarge) {
  stage world;
  for (int i = 0; i < 25; ++i) cached(world, 10ms * i, "page:" + std::to_string(i));
  world.at(7s).client(1).command("SMEMBERS").key("all:users").items(20'000);
  world.at(8s).client(1).command("SMEMBERS").key("some:users").items(200);
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C604"), nullptr);
  EXPECT_EQ(find_finding(result, "C604")->count, 1U);
  EXPECT_EQ(find_finding(result, "C604")->severity, severity::warning);
}

TEST(audit_c604, IsSilentWhileAnApplicationPrepares) {
  stage world;
  world.at(100ms).client(1).command("FLUSHDB").ok();
  world.at(200ms).client(1).command("KEYS").word("migrations:*").items(3);
  cached(world, 1s, "page:1");
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C604"), nullptr);
  EXPECT_EQ(coverage_of(result, "C604"), status::pass);
  EXPECT_NE(find_coverage(result, "C604")->detail.find("2 while the application prepared"),
            std::string::npos);
}

TEST(audit_c604, IsSilentForWhatTheServerRefused) {
  stage world;
  for (int i = 0; i < 25; ++i) cached(world, 10ms * i, "page:" + std::to_string(i));
  world.at(7s).client(1).command("FLUSHALL").error("NOPERM");
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C604"), nullptr);
}

TEST(audit_c605, IsRaisedForTwoFormatsUnderOneKey) {
  stage world;
  world.at(0ms).client(1).set("user:1", "a").looks(shape::pickle).px(60s).ok();
  world.at(100ms).client(2).get("user:1").hit("a");
  world.at(200ms).client(2).set("user:1", "b").looks(shape::json).px(60s).ok();
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C605"), nullptr);
  EXPECT_EQ(find_finding(result, "C605")->severity, severity::info);
}

TEST(audit_c605, IsSilentForOneFormatAndForMarks) {
  stage world;
  for (int i = 0; i < 4; ++i) {
    const auto client = static_cast<std::uint64_t>(1 + i % 2);
    world.at(100ms * i).client(client).set("user:1", "pending").px(60s).ok();
    world.at(100ms * i + 20ms).client(client).set("user:1", "a").looks(shape::json).px(60s).ok();
    world.at(100ms * i + 30ms).client(client).set("count:1", "1").looks(shape::integer).ok();
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C605"), nullptr);
  EXPECT_EQ(coverage_of(result, "C605"), status::pass);
}

TEST(audit_c605, IsSilentWhereItMayBeOneClient) {
  stage world;
  world.belongs(500, {1}).unknown({2}, "127.0.0.1");
  world.at(0ms).client(1).set("user:1", "a").looks(shape::pickle).px(60s).ok();
  world.at(200ms).client(2).set("user:1", "b").looks(shape::json).px(60s).ok();
  world.at(400ms).client(1).set("user:1", "a").looks(shape::pickle).px(60s).ok();
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C605"), nullptr);
}

TEST(audit_c902, NamesScriptsThatWereNeverSeen) {
  stage world;
  world.at(0ms).client(1).script("0123456789abcdef0123", "job:1", "x").answers(1);
  world.at(1ms).client(1).script("0123456789abcdef0123", "job:1", "x").answers(1);
  world.at(2ms).client(1).compare_and_delete("lock:1", "x").answers(0);
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = noticed(result, "C902");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->count, 2U);
  EXPECT_EQ(finding->opportunities, 3U);
  EXPECT_NE(finding->message.find("0123456789ab"), std::string::npos);
}

TEST(audit_c902, IsSilentWhenTheBodyComesLater) {
  stage world;
  world.at(0ms).client(1).script("later", "job:1", "x").answers(1);
  script_seen body;
  body.script = "later";
  body.does = script_seen::purpose::rate_limit;
  world.at(5ms).tell(body);
  EXPECT_EQ(noticed(world.judged_by(all_rules()), "C902"), nullptr);
}

TEST(audit_c903, SaysWhatWasNotSeen) {
  stage world;
  cached(world, 0ms, "page:1");
  world.at(100ms).tell(sight_lost{1, 100ms, "MONITOR", 5'000, 0});
  world.at(200ms).tell(sight_lost{0, 200ms, "the engine was behind", 0, 70});
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = noticed(result, "C903");
  ASSERT_NE(finding, nullptr);
  EXPECT_NE(finding->message.find("70 commands"), std::string::npos) << finding->message;
  EXPECT_NE(finding->message.find("MONITOR"), std::string::npos);
}

/// Three values change without a store that the tool sees. Then the run continues.
stage changed_elsewhere(bool by_script) {
  stage world;
  for (int i = 0; i < 3; ++i) {
    const std::string key = "page:" + std::to_string(i);
    cached(world, 10ms * i, key);
    if (by_script) world.at(500ms + 10ms * i).client(3).script("unseen", key, "x").answers(1);
    world.at(1s + 10ms * i).client(1).get(key).hit("of another");
  }
  world.at(20s).client(1).get("page:0").hit("of another");
  return world;
}

TEST(audit_c904, IsGivenForValuesThatNobodyWasSeenToStore) {
  const audit_result result = changed_elsewhere(false).judged_by(all_rules());
  const finding* const finding = noticed(result, "C904");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->count, 3U);
  EXPECT_FALSE(finding->evidence_list.empty());
}

TEST(audit_c904, IsSilentForScriptsThatAreNotUnderstood) {
  EXPECT_EQ(noticed(changed_elsewhere(true).judged_by(all_rules()), "C904"), nullptr);
}

TEST(audit_c904, IsSilentForStoresWhoseReplyComesLate) {
  stage world;
  for (int i = 0; i < 4; ++i) {
    const std::string key = "page:" + std::to_string(i);
    cached(world, 10ms * i, key);
    world.at(999ms).client(3).took(100ms).set(key, "of another").px(60s).ok();
    world.at(1s + 10ms * i).client(1).get(key).hit("of another");
  }
  world.at(20s).client(1).get("page:0").hit("of another");
  EXPECT_EQ(noticed(world.judged_by(all_rules()), "C904"), nullptr);
}

TEST(audit_c904, IsSilentForStoresThatOverlap) {
  stage world;
  for (int i = 0; i < 5; ++i) {
    const std::string key = "page:" + std::to_string(i);
    cached(world, 10ms * i, key);
    // The reply to the first store arrives second.
    world.at(1s + 10ms * i).client(3).took(5ms).set(key, "first").px(60s).ok();
    world.at(1s + 10ms * i + 1ms).client(4).took(2ms).set(key, "second").px(60s).ok();
    // A store is sent and answered while a read waits for its reply. Another read follows.
    world.at(2s + 10ms * i).client(1).get(key).hit("second");
    world.at(3s + 10ms * i).client(2).took(4ms).get(key).hit("second");
    world.at(3s + 10ms * i + 1ms).client(3).set(key, "third").px(60s).ok();
    world.at(4s + 10ms * i).client(1).get(key).hit("third");
  }
  world.at(20s).client(1).get("page:0").hit("third");
  EXPECT_EQ(noticed(world.judged_by(all_rules()), "C904"), nullptr);
}

TEST(audit_c904, IsSilentForAReplicaThatIsBehind) {
  stage world;
  for (int i = 0; i < 5; ++i) {
    const std::string key = "page:" + std::to_string(i);
    cached(world, 10ms * i, key);
    world.at(1s + 10ms * i).client(1).set(key, "first").px(60s).ok();
    world.at(2s + 10ms * i).client(1).set(key, "second").px(60s).ok();
    // Client 2 reads from the replica.
    world.at(3s + 10ms * i).client(2).get(key).hit("first");
    world.at(4s + 10ms * i).client(1).get(key).hit("second");
  }
  world.at(20s).client(1).get("page:0").hit("second");
  EXPECT_EQ(noticed(world.judged_by(all_rules()), "C904"), nullptr);
}

TEST(audit_c904, IsSilentOnceSomethingWasNotSeen) {
  stage world = changed_elsewhere(false);
  world.at(300ms).tell(sight_lost{3, 300ms, "garbage", 10, 0});
  EXPECT_EQ(noticed(world.judged_by(all_rules()), "C904"), nullptr);
}

TEST(audit_c904, IsSilentForCountersAndParts) {
  stage world;
  for (int i = 0; i < 8; ++i) {
    world.at(100ms * i).client(1).command("INCR").key("count:1").answers(i);
    world.at(100ms * i + 10ms).client(2).get("count:1").hit(std::to_string(i));
    world.at(100ms * i + 20ms).client(1).command("APPEND").key("log:1").value("x").answers(i);
    world.at(100ms * i + 30ms)
        .client(2)
        .get("log:1")
        .hit(std::string(static_cast<std::size_t>(i) + 1, 'x'));
    world.at(100ms * i + 40ms)
        .client(1)
        .command("SETRANGE")
        .key("s:1")
        .word("0")
        .value("x")
        .answers(1);
    world.at(100ms * i + 50ms).client(2).get("s:1").hit("s" + std::to_string(i));
  }
  world.at(20s).client(1).command("PING").ok();
  EXPECT_EQ(noticed(world.judged_by(all_rules()), "C904"), nullptr);
}

TEST(audit_library_watch, NamesTheLibraryBehindAFinding) {
  stage world;
  world.at(0ms).tell(connection_named{1, "", "redis-py", "4.3.4"});
  for (int i = 0; i < 4; ++i) {
    const std::string key = "user:" + std::to_string(i);
    const std::string token = "t" + std::to_string(i);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 1ms).client(1).set("_lock" + key, token).nx().ok();
    world.at(100ms * i + 2ms).client(1).get(key).miss();
    world.at(100ms * i + 40ms).client(1).set(key, "v").ok();
    world.at(100ms * i + 41ms).client(1).compare_and_delete("_lock" + key, token).answers(1);
    world.at(100ms * i + 60ms).client(2).get(key).hit("v");
  }
  world.at(5s).client(1).get("user:0").hit("v");
  audit_result result = world.judged_by(all_rules());
  explain(result);
  const finding* const finding = find_finding(result, "C301");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->library, "dogpile.cache");
  EXPECT_NE(finding->advice.find("`redis_expiration_time`"), std::string::npos) << finding->advice;
}

}  // namespace
}  // namespace drover::audit::key_rules_test
