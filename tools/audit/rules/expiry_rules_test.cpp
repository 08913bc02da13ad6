// SPDX-License-Identifier: MIT
// C301 to C305: traffic for which each rule must report a finding, and for each of its conditions
// traffic for which it must not.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"

namespace drover::audit::expiry_rules_test {
namespace {

using namespace testing;

using status = coverage_line::status;

std::string name_of(const char* prefix, int number) { return prefix + std::to_string(number); }

// --- C301 value-no-ttl

stage values_without_ttl() {
  stage world;
  for (int i = 0; i < 4; ++i) {
    const std::string key = name_of("user:", i);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 40ms).client(1).set(key, "v" + key).ok();
    world.at(100ms * i + 80ms).client(2).get(key).hit("v" + key);
  }
  world.at(5s).client(1).get("user:0").hit("vuser:0");
  return world;
}

TEST(audit_c301, IsRaisedForValuesThatAreStoredAfterAMissAndNeverEnd) {
  const audit_result result = values_without_ttl().judged_by(all_rules());
  const finding* const finding = find_finding(result, "C301");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->confidence, confidence::strong);
  EXPECT_EQ(finding->pattern, "user:*");
  EXPECT_EQ(finding->count, 4U);
  EXPECT_EQ(finding->opportunities, 4U);
  EXPECT_EQ(finding->evidence_list.size(), 4U);
  EXPECT_FALSE(finding->evidence_list.front().timeline.empty());
  EXPECT_EQ(coverage_of(result, "C301"), status::fail);
}

TEST(audit_c301, IsProvenByTheServersOwnWord) {
  stage world = values_without_ttl();
  world.at(6s).tell(server_said{"user:0", -1, ""});
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C301"), nullptr);
  EXPECT_EQ(find_finding(result, "C301")->confidence, confidence::proof);
}

TEST(audit_c301, BelievesTheServerThatThereIsATtl) {
  stage world = values_without_ttl();
  for (int i = 0; i < 4; ++i) world.at(6s).tell(server_said{name_of("user:", i), 50'000, ""});
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C301"), nullptr);
}

TEST(audit_c301, IsMilderWhereTheServerEvicts) {
  stage world = values_without_ttl();
  world.tell(server_said{"", 0, "allkeys-lru"});
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C301"), nullptr);
  EXPECT_EQ(find_finding(result, "C301")->severity, severity::warning);
}

TEST(audit_c301, KnowsThatVolatilePoliciesEvictNothingWithoutTtl) {
  stage world = values_without_ttl();
  world.tell(server_said{"", 0, "volatile-lru"});
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C301"), nullptr);
  EXPECT_EQ(find_finding(result, "C301")->severity, severity::error);
}

TEST(audit_c301, IsMilderWhereValuesEndByWhatTheyCarry) {
  stage world = values_without_ttl();
  for (int i = 1; i <= 3; ++i) {
    world.at(5s + 1s * i).client(1).get("user:0").hit("vuser:0");
    world.at(5s + 1s * i + 40ms).client(1).set("user:0", "vuser:0").ok();
  }
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C301"), nullptr);
  EXPECT_EQ(find_finding(result, "C301")->severity, severity::warning);
}

TEST(audit_c301, IsSilentForATtlWithinASecond) {
  stage world;
  for (int i = 0; i < 4; ++i) {
    const std::string key = name_of("user:", i);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 40ms).client(1).set(key, "v").ok();
    world.at(100ms * i + 60ms).client(1).expire(key, 60s).answers(1);
  }
  world.at(3s).client(1).get("user:0").hit("v");
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C301"), nullptr);
  EXPECT_EQ(coverage_of(result, "C301"), status::pass);
}

TEST(audit_c301, IsSilentForWhatIsNoCache) {
  stage world;
  for (int i = 0; i < 30; ++i) {
    world.at(100ms * i).client(1).command("INCR").key("hits:page:7").answers(i + 1);
    world.at(100ms * i + 10ms).client(1).command("ZADD").key("board").value("x").answers(1);
    world.at(100ms * i + 20ms).client(1).command("LPUSH").key("queue").value("job").answers(1);
    world.at(100ms * i + 30ms).client(1).set("config:now", "x").ok();
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C301"), nullptr);
  EXPECT_EQ(coverage_of(result, "C301"), status::not_exercised);
}

/// A value that is there from the start. When its own time is over, a reader loads it anew, which
/// takes `load`, and stores it.
stage renewed_from_inside(std::chrono::milliseconds load, std::chrono::milliseconds ttl = 0ms) {
  stage world;
  for (int turn = 0; turn < 5; ++turn) {
    const std::string old = "page " + std::to_string(turn);
    for (int read = 0; read < 9; ++read) {
      world.at(2s * turn + 20ms * read).client(2).get("page:1").hit(old);
    }
    world.at(2s * turn + 300ms).client(1).get("page:1").hit(old);
    auto store = world.at(2s * turn + 300ms + load)
                     .client(1)
                     .set("page:1", "page " + std::to_string(turn + 1))
                     .sized(400);
    if (ttl > 0ms) store.px(ttl);
    store.ok();
  }
  world.at(12s).client(2).get("page:1").hit("page 5");
  return world;
}

TEST(audit_c301, SeesValuesWhoseEndIsOnlyInside) {
  const audit_result result = renewed_from_inside(80ms).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C301");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 5U);
  EXPECT_NE(finding->message.find("their own expiry time"), std::string::npos) << finding->message;
}

TEST(audit_c301, LeavesDocumentsAndTtlsAlone) {
  EXPECT_EQ(find_finding(renewed_from_inside(1ms).judged_by(all_rules()), "C301"), nullptr)
      << "the client changes what it has read";
  EXPECT_EQ(find_finding(renewed_from_inside(80ms, 60'000ms).judged_by(all_rules()), "C301"),
            nullptr);
}

/// Two callers store the same value at once, and set its ttl in second commands. `order` lists the
/// callers of the SETs and then of the EXPIREs; each caller has the connection of its number. An
/// `x` sets no ttl.
stage stores_that_overtake(const std::string& order, bool in_one_process, const char* prefix) {
  stage world;
  if (in_one_process) world.belongs(7, {1, 2, 3});
  for (int i = 0; i < 4; ++i) {
    const std::string key = name_of(prefix, i);
    const auto begin = 3s * i;
    world.at(begin).client(1).get(key).miss();
    world.at(begin + 1ms).client(2).get(key).miss();
    for (std::size_t step = 0; step < order.size(); ++step) {
      if (order[step] == 'x') continue;
      auto& later = world.at(begin + 40ms + 1ms * step);
      const auto connection = static_cast<std::uint64_t>(order[step] - '0');
      step < 2 ? later.client(connection).set(key, "v").ok()
               : later.client(connection).expire(key, 60s).answers(1);
    }
    world.at(begin + 100ms).client(4).get(key).hit("v");
  }
  return world;
}

TEST(audit_c301, KnowsAStoreThatAnotherOvertookBeforeItsExpire) {
  for (const char* const prefix : {"user:", "book:", "rate/"}) {
    for (const char* const order : {"1212", "1221", "2112"}) {
      const audit_result result = stores_that_overtake(order, false, prefix).judged_by(all_rules());
      EXPECT_EQ(find_finding(result, "C301"), nullptr) << prefix << order;
      EXPECT_NE(find_finding(result, "C302"), nullptr) << prefix << order;
    }
    // A pool hands the connections of one process to its callers as they come.
    for (const char* const order : {"1212", "1133", "1122", "1231"}) {
      const audit_result result = stores_that_overtake(order, true, prefix).judged_by(all_rules());
      EXPECT_EQ(find_finding(result, "C301"), nullptr) << prefix << order;
    }
  }
}

TEST(audit_c301, IsRaisedWhereOneOfTwoClientsSetsNoTtl) {
  const audit_result result = stores_that_overtake("12x1", false, "user:").judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C301"), nullptr);
  EXPECT_EQ(find_finding(result, "C301")->count, 4U);
}

// --- C302 ttl-by-second-command

stage stored_in_two_steps(int times, std::uint64_t batch) {
  stage world;
  for (int i = 0; i < times; ++i) {
    const std::string key = name_of("user:", i);
    world.at(100ms * i).client(1).get(key).miss();
    if (batch == 0) {
      world.at(100ms * i + 40ms).client(1).set(key, "v").ok();
      world.at(100ms * i + 41ms).client(1).expire(key, 60s).answers(1);
    } else {
      const std::uint64_t connection = batch + static_cast<std::uint64_t>(i);
      world.at(100ms * i + 40ms).client(1).batch(connection).set(key, "v").ok();
      world.at(100ms * i + 40ms).client(1).batch(connection).expire(key, 60s).answers(1);
    }
    world.at(100ms * i + 60ms).client(2).get(key).hit("v");
  }
  world.at(10s).client(1).get("user:0").hit("v");
  return world;
}

TEST(audit_c302, IsRaisedForATtlInARoundTripOfItsOwn) {
  const audit_result result = stored_in_two_steps(3, 0).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C302");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 3U);
  EXPECT_NE(finding->message.find("0.8 ms"), std::string::npos) << finding->message;
}

TEST(audit_c302, IsSilentForAPipeline) {
  const audit_result result = stored_in_two_steps(3, 1).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C302"), nullptr);
  EXPECT_EQ(coverage_of(result, "C302"), status::pass);
}

TEST(audit_c302, IsSilentWhereALaterBatchOfTheProcessSetsTheTtl) {
  // A job's record: written when it is queued, and soon written again together with its ttl.
  stage world;
  for (int i = 0; i < 6; ++i) {
    const std::string key = name_of("user:", i);
    const auto number = static_cast<std::uint64_t>(i + 1);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 40ms).client(1).set(key, "v").ok();
    world.at(100ms * i + 60ms).client(1).batch(number).set(key, "w").ok();
    world.at(100ms * i + 60ms).client(1).batch(number).expire(key, 60s).answers(1);
    world.at(100ms * i + 80ms).client(2).get(key).hit("w");
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C302"), nullptr);
}

TEST(audit_c302, IsSilentForATransaction) {
  stage world;
  for (int i = 0; i < 3; ++i) {
    const std::string key = name_of("user:", i);
    const auto number = static_cast<std::uint64_t>(i + 1);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 40ms).client(1).exec(number).items(2);
    world.at(100ms * i + 40ms).client(1).in(number).set(key, "v").ok();
    world.at(100ms * i + 40ms).client(1).in(number).expire(key, 60s).answers(1);
    world.at(100ms * i + 60ms).client(2).get(key).hit("v");
  }
  world.at(10s).client(1).get("user:0").hit("v");
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C302"), nullptr);
  EXPECT_EQ(find_finding(result, "C301"), nullptr);
}

TEST(audit_c302, IsSilentForOneCase) {
  const audit_result result = stored_in_two_steps(1, 0).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C302"), nullptr);
}

// --- C303 synchronised-expiry

/// Too long for a mark.
constexpr const char* text_of_page = "the text of a page that is longer than any mark would be";

/// `keys` values are stored after misses, one every `apart`. Value i gets the TTL ttl(i), and is
/// read once after its store.
template <class Ttl>
stage stored_after_misses(int keys, std::chrono::milliseconds apart, Ttl ttl) {
  stage world;
  for (int i = 0; i < keys; ++i) {
    const std::string key = name_of("page:", i);
    world.at(apart * i).client(1).get(key).miss();
    world.at(apart * i + 2ms).client(1).set(key, text_of_page).px(ttl(i)).ok();
    world.at(apart * i + 3ms).client(2).get(key).hit("v");
  }
  return world;
}

TEST(audit_c303, IsRaisedForKeysThatWereStoredTogetherWithOneTtl) {
  stage world = stored_after_misses(30, 2ms, [](int) { return 10'000ms; });
  world.at(5s).client(2).get("page:0").hit("v");
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C303");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 30U);
  EXPECT_EQ(finding->opportunities, 30U);
  EXPECT_EQ(finding->pattern, "page:*");
}

TEST(audit_c303, IsAnErrorWhenTheWaveIsSeen) {
  for (const auto ttl : {600ms, 10'000ms}) {
    stage world = stored_after_misses(30, 2ms, [&](int) { return ttl; });
    for (int i = 0; i < 30; ++i) {
      const std::string key = name_of("page:", i);
      world.at(ttl + 20ms + 2ms * i).client(1).get(key).miss();
      world.at(ttl + 100ms + 2ms * i).client(1).set(key, "v").px(ttl).ok();
    }
    world.at(2 * ttl).client(2).get("page:0").hit("v");
    const audit_result result = world.judged_by(all_rules());
    ASSERT_NE(find_finding(result, "C303"), nullptr) << ttl.count();
    EXPECT_EQ(find_finding(result, "C303")->severity, severity::error) << ttl.count();
    EXPECT_EQ(find_finding(result, "C303")->confidence, confidence::proof);
  }
}

TEST(audit_c303, IsSilentForJitter) {
  // TTLs from 8 to 12 s, spread evenly, in a scrambled order.
  stage world = stored_after_misses(
      40, 2ms, [](int i) { return 8'000ms + std::chrono::milliseconds{(i * 17 % 40) * 100}; });
  world.at(7s).client(2).get("page:0").hit("v");
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C303"), nullptr);
  EXPECT_EQ(coverage_of(result, "C303"), status::pass);
}

TEST(audit_c303, IsSilentForOneTtlOfValuesStoredAtDifferentTimes) {
  stage world = stored_after_misses(40, 100ms, [](int) { return 10'000ms; });
  world.at(7s).client(2).get("page:0").hit("v");
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C303"), nullptr);
}

TEST(audit_c303, IsSilentForKeysThatAreStoredAgainBeforeTheyExpire) {
  stage world = stored_after_misses(30, 2ms, [](int) { return 10'000ms; });
  for (int round = 1; round <= 4; ++round) {
    for (int i = 0; i < 30; ++i) {
      const std::string key = name_of("page:", i);
      world.at(2s * round + 2ms * i).client(1).set(key, text_of_page).px(10s).ok();
    }
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C303"), nullptr);
}

TEST(audit_c303, IsSilentForRecordsThatAreKeptForAYear) {
  stage world = stored_after_misses(30, 2ms, [](int) { return 365 * 86'400'000ms; });
  world.at(5s).client(2).get("page:0").hit("v");
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C303"), nullptr);
}

TEST(audit_c303, IsSilentForFewKeys) {
  stage world = stored_after_misses(19, 2ms, [](int) { return 10'000ms; });
  world.at(7s).client(2).get("page:0").hit("v");
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C303"), nullptr);
  EXPECT_EQ(coverage_of(result, "C303"), status::not_exercised);
}

TEST(audit_c303, IsSilentForIdempotencyKeys) {
  stage world;
  for (int i = 0; i < 60; ++i) {
    world.at(1ms * i).client(1).set(name_of("seen:", i), "1").nx().px(10'000ms).ok();
  }
  world.at(7s).client(1).command("PING").ok();
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C303"), nullptr);
}

// --- C304 ttl-dropped

stage updated(bool keep) {
  stage world;
  for (int i = 0; i < 3; ++i) {
    const std::string key = name_of("user:", i);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 40ms).client(1).set(key, "v").px(60s).ok();
    world.at(100ms * i + 60ms).client(2).get(key).hit("v");
    auto update = world.at(5s + 100ms * i).client(2).set(key, "w");
    if (keep) update.keepttl();
    update.ok();
    world.at(8s).client(1).get(key).hit("w");
  }
  return world;
}

TEST(audit_c304, IsRaisedForASetThatTakesTheTtlOff) {
  const audit_result result = updated(false).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C304");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 3U);
}

TEST(audit_c304, IsSilentForKeepttl) {
  const audit_result result = updated(true).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C304"), nullptr);
  EXPECT_EQ(coverage_of(result, "C304"), status::pass);
}

TEST(audit_c304, IsSilentForKeysThatNeverHadOne) {
  stage world = values_without_ttl();
  world.at(6s).client(2).set("user:1", "w").ok();
  world.at(9s).client(2).get("user:1").hit("w");
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C304"), nullptr);
}

// --- C305 sliding-cache-ttl

stage read_with_expire(const std::string& key, int reads, bool getex) {
  stage world;
  world.at(0ms).client(1).get(key).miss();
  world.at(40ms).client(1).set(key, "v").px(2'000ms).ok();
  for (int i = 1; i <= reads; ++i) {
    if (getex) {
      world.at(500ms * i).client(1).command("GETEX").key(key).px(2'000ms).hit("v");
    } else {
      world.at(500ms * i).client(1).get(key).hit("v");
      world.at(500ms * i + 1ms).client(1).expire(key, 2s).answers(1);
    }
  }
  return world;
}

TEST(audit_c305, IsRaisedForAValueThatReadsKeepAlive) {
  for (const bool getex : {false, true}) {
    const audit_result result = read_with_expire("user:42", 20, getex).judged_by(all_rules());
    const finding* const finding = find_finding(result, "C305");
    ASSERT_NE(finding, nullptr) << getex;
    EXPECT_EQ(finding->severity, severity::warning);
    EXPECT_EQ(finding->keys.front(), "user:42");
    EXPECT_EQ(coverage_of(result, "C305"), status::fail);
  }
}

TEST(audit_c305, IsSilentForSessions) {
  const audit_result result = read_with_expire("session:42", 20, false).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C305"), nullptr);
}

TEST(audit_c305, SaysThatARunWasTooShort) {
  const audit_result result = read_with_expire("user:42", 6, false).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C305"), nullptr);
  EXPECT_EQ(coverage_of(result, "C305"), status::not_exercised);
}

TEST(audit_c305, IsSilentWhenTheValueIsStoredAgain) {
  stage world = read_with_expire("user:42", 20, false);
  for (int i = 1; i <= 6; ++i) {
    world.at(1'600ms * i).client(2).set("user:42", "v").px(2'000ms).ok();
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C305"), nullptr);
}

TEST(audit_c305, IsSilentForFewExtensions) {
  stage world;
  world.at(0ms).client(1).get("user:42").miss();
  world.at(40ms).client(1).set("user:42", "v").px(2'000ms).ok();
  for (int i = 1; i <= 40; ++i) {
    world.at(250ms * i).client(1).get("user:42").hit("v");
    if (i % 5 == 0) world.at(250ms * i + 1ms).client(1).expire("user:42", 2s).answers(1);
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C305"), nullptr);
}

TEST(audit_c305, PassesForAbsoluteTtls) {
  stage world = stored_after_misses(5, 100ms, [](int) { return 60'000ms; });
  world.at(9s).client(2).get("page:0").hit("v");
  EXPECT_EQ(coverage_of(world.judged_by(all_rules()), "C305"), status::pass);
}

}  // namespace
}  // namespace drover::audit::expiry_rules_test
