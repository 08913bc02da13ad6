// SPDX-License-Identifier: MIT
// C402 to C404: traffic for which each rule must report a finding, and for each of its conditions
// traffic for which it must not.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"
#include "audit/rules/known_loads_for_test.hpp"

namespace drover::audit::consistency_rules_test {
namespace {

using namespace testing;

using status = coverage_line::status;

// --- C402 lost-update

stage read_and_written_back(int rounds, bool crossing) {
  stage world;
  world.at(0ms).client(1).set("total:1", "0").px(60s).ok();
  for (int i = 0; i < rounds; ++i) {
    const auto at = 100ms + 100ms * i;
    world.at(at).client(1).get("total:1").hit("a" + std::to_string(i));
    if (crossing) world.at(at + 1ms).client(2).get("total:1").hit("a" + std::to_string(i));
    world.at(at + 2ms).client(1).set("total:1", "b" + std::to_string(i)).px(60s).ok();
    if (!crossing) world.at(at + 50ms).client(2).get("total:1").hit("b" + std::to_string(i));
    world.at(at + (crossing ? 3ms : 52ms))
        .client(2)
        .set("total:1", "a" + std::to_string(i + 1))
        .px(60s)
        .ok();
  }
  return world;
}

TEST(audit_c402, IsRaisedForUpdatesThatCross) {
  const audit_result result = read_and_written_back(6, true).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C402");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::error);
  EXPECT_EQ(finding->count, 6U);
  EXPECT_EQ(finding->evidence_list.front().key, "total:1");
}

/// A document that is read far more often than it is changed. Two clients change it at once by GET
/// and `change(SET)`; a load of it takes 100 ms.
template <class Change>
stage changed_documents(Change change, std::chrono::microseconds takes = 1ms) {
  stage world;
  world.at(0ms).client(3).get("doc:1").miss();
  world.at(100ms).client(3).set("doc:1", "the first version of the document").px(60s).ok();
  std::string text = "the first version of the document";
  for (int i = 0; i < 12; ++i) {
    const auto at = 200ms + 200ms * i;
    for (int read = 0; read < 30; ++read) {
      world.at(at - 60ms + 1ms * read).client(4).get("doc:1").hit(text);
    }
    for (const std::uint64_t client : {1U, 2U}) {
      world.at(at + 300us * client).client(client).get("doc:1").hit(text);
    }
    for (const std::uint64_t client : {1U, 2U}) {
      text += " and " + std::to_string(client);
      auto set = world.at(at + takes + 500us * client).client(client).set("doc:1", text);
      change(set).ok();
    }
  }
  return world;
}

TEST(audit_c402, SeesChangesOfWhatIsReadMuchMoreOften) {
  const audit_result kept = changed_documents([](line& set) -> line& {
                              return set.xx().keepttl();
                            }).judged_by(all_rules());
  ASSERT_NE(find_finding(kept, "C402"), nullptr);
  EXPECT_EQ(find_finding(kept, "C402")->severity, severity::error);
  const audit_result plain =
      changed_documents([](line& set) -> line& { return set.px(60s); }).judged_by(all_rules());
  ASSERT_NE(find_finding(plain, "C402"), nullptr);
  EXPECT_EQ(find_finding(plain, "C402")->severity, severity::error);
  EXPECT_EQ(find_finding(plain, "C104"), nullptr);
}

TEST(audit_c402, SeesSlowChangesOfAValueThatGrows) {
  const audit_result result =
      changed_documents([](line& set) -> line& { return set.px(60s); }, 40ms)
          .judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C402"), nullptr);
  EXPECT_EQ(find_finding(result, "C402")->severity, severity::error);
}

TEST(audit_c402, ChangesAreNoLoadsOfAColdKey) {
  // The clients had waited for the load, so each of them has missed the key.
  stage world;
  for (int turn = 0; turn < 4; ++turn) {
    const auto begin = 2s * turn;
    for (const std::uint64_t client : {1U, 2U, 3U}) {
      world.at(begin + 1ms * client).client(client).get("doc:1").miss();
      world.at(begin + 5ms + 1ms * client)
          .client(client)
          .set("doc:1:lock", "t" + std::to_string(10 * turn) + std::to_string(client))
          .nx()
          .px(5s)
          .reply(client == 1);
    }
    const std::string token = "t" + std::to_string(10 * turn) + "1";
    world.at(begin + 100ms).client(1).set("doc:1", "a document as it was loaded").px(1s).ok();
    world.at(begin + 101ms).client(1).compare_and_delete("doc:1:lock", token).answers(1);
    for (const std::uint64_t client : {2U, 3U}) {
      const auto at = begin + 110ms + 30ms * client;
      const std::string before = client == 2 ? "a document as it was loaded" : "changed by 2";
      world.at(at).client(client).get("doc:1").hit(before);
      world.at(at + 1ms)
          .client(client)
          .set("doc:1", "changed by " + std::to_string(client))
          .px(1s)
          .ok();
    }
  }
  const audit_result result = world.judged_by(all_rules());
  for (const char* const rule : {"C101", "C102", "C103", "C104"}) {
    EXPECT_EQ(find_finding(result, rule), nullptr) << rule;
  }
}

TEST(audit_c402, IsAHintWhenNothingWasLost) {
  const audit_result result = read_and_written_back(6, false).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C402");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::info);
  EXPECT_EQ(finding->confidence, confidence::suspected);
}

TEST(audit_c402, IsSilentForWatch) {
  stage world;
  world.at(0ms).client(1).set("total:1", "0").px(60s).ok();
  for (int i = 0; i < 8; ++i) {
    const auto at = 100ms + 100ms * i;
    const auto number = static_cast<std::uint64_t>(i + 1);
    for (const std::uint64_t client : {1U, 2U}) {
      world.at(at + 10ms * client).client(client).watch("total:1").ok();
      world.at(at + 10ms * client + 1ms).client(client).get("total:1").hit("x");
      world.at(at + 10ms * client + 2ms).client(client).exec(2 * number + client).items(1);
      world.at(at + 10ms * client + 2ms)
          .client(client)
          .in(2 * number + client)
          .set("total:1", "x")
          .px(60s)
          .ok();
    }
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C402"), nullptr);
  EXPECT_EQ(coverage_of(result, "C402"), status::pass);
}

TEST(audit_c402, IsSilentForOneFlow) {
  stage world;
  world.at(0ms).client(1).set("total:1", "0").px(60s).ok();
  for (int i = 0; i < 20; ++i) {
    world.at(100ms + 20ms * i).client(1).get("total:1").hit("x");
    world.at(102ms + 20ms * i).client(1).set("total:1", "x").px(60s).ok();
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C402"), nullptr);
}

TEST(audit_c402, IsSilentForRefreshes) {
  stage world = with_loads();
  world.at(100ms).client(1).get(user).miss();
  world.at(140ms).client(1).set(user, "v").px(60s).ok();
  for (int i = 0; i < 10; ++i) {
    const auto at = 200ms + 200ms * i;
    world.at(at).client(1).get(user).hit("v");
    world.at(at + 1ms).client(2).get(user).hit("v");
    world.at(at + 40ms).client(2).set(user, "v").px(60s).ok();
    world.at(at + 41ms).client(1).set(user, "v").px(60s).ok();
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C402"), nullptr);
}

// --- C403 split-metadata

TEST(audit_c403, IsRaisedForTwoKeysInTwoSteps) {
  stage world;
  for (int i = 0; i < 3; ++i) {
    const std::string key = "page:" + std::to_string(i);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 40ms).client(1).set(key, "v").px(60s).ok();
    world.at(100ms * i + 41ms).client(1).set(key + ":ts", "1").px(60s).ok();
    world.at(100ms * i + 60ms).client(2).get(key).hit("v");
    world.at(100ms * i + 61ms).client(2).get(key + ":ts").hit("1");
  }
  world.at(5s).client(2).get("page:0").hit("v");
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C403");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 3U);
  EXPECT_EQ(finding->pattern, "page:*");
}

TEST(audit_c403, SeesTheMetadataThatComesFirst) {
  stage world;
  for (int i = 0; i < 3; ++i) {
    const std::string key = "page:" + std::to_string(i);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 40ms).client(1).set(key + ":expires_at", "1").px(60s).ok();
    world.at(100ms * i + 41ms).client(1).set(key, "v").px(60s).ok();
    world.at(100ms * i + 60ms).client(2).get(key).hit("v");
    world.at(100ms * i + 61ms).client(2).get(key + ":expires_at").hit("1");
  }
  EXPECT_NE(find_finding(world.judged_by(all_rules()), "C403"), nullptr);
}

TEST(audit_c403, TellsOfReadsInBetween) {
  stage world;
  for (int i = 0; i < 2; ++i) {
    const std::string key = "page:" + std::to_string(i);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 40ms).client(1).set(key, "v").px(60s).ok();
    world.at(100ms * i + 42ms).client(2).get(key).hit("v");
    world.at(100ms * i + 44ms).client(1).set(key + ":ts", "1").px(60s).ok();
  }
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C403"), nullptr);
  EXPECT_EQ(find_finding(result, "C403")->confidence, confidence::proof);
  EXPECT_NE(find_finding(result, "C403")->message.find("2 reads happened in between"),
            std::string::npos)
      << find_finding(result, "C403")->message;
}

TEST(audit_c403, IsSilentForOneTransaction) {
  stage world;
  for (int i = 0; i < 3; ++i) {
    const std::string key = "page:" + std::to_string(i);
    const auto number = static_cast<std::uint64_t>(i + 1);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 40ms).client(1).exec(number).items(2);
    world.at(100ms * i + 40ms).client(1).in(number).set(key, "v").px(60s).ok();
    world.at(100ms * i + 40ms).client(1).in(number).set(key + ":ts", "1").px(60s).ok();
    world.at(100ms * i + 60ms).client(2).get(key).hit("v");
  }
  const audit_result result = world.judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C403"), nullptr);
  EXPECT_EQ(coverage_of(result, "C403"), status::pass);
}

TEST(audit_c403, IsSilentForTagSetsAndForOnePair) {
  stage world;
  for (int i = 0; i < 3; ++i) {
    const std::string key = "page:" + std::to_string(i);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 40ms).client(1).set(key, "v").px(60s).ok();
    world.at(100ms * i + 41ms)
        .client(1)
        .command("SADD")
        .key(key + ":version")
        .value("t")
        .answers(1);
    world.at(100ms * i + 60ms).client(2).get(key).hit("v");
  }
  world.at(400ms).client(1).set("page:0:ts", "1").px(60s).ok();
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C403"), nullptr);
}

/// A client that finds both keys, and stores both anew although they are there.
void replaces_both(stage& world, std::chrono::milliseconds at, const std::string& value,
                   const std::string& other, bool other_is_small = true) {
  const std::string now = std::to_string(at.count());
  world.at(at).client(1).get(value).hit("v" + now);
  world.at(at + 1ms).client(1).get(other).hit("1" + now);
  world.at(at + 50ms)
      .client(1)
      .set(value, "v" + now + "+")
      .sized(400)
      .looks(shape::json)
      .px(60s)
      .ok();
  world.at(at + 51ms).client(1).set(other, "2" + now).sized(other_is_small ? 14 : 400).px(60s).ok();
}

TEST(audit_c403, KnowsSiblingsByTheirUse) {
  stage world;
  for (const char* const key : {"wx:paris:body", "wx:paris:fetched"}) {
    world.at(1ms).client(1).get(key).miss();
    world.at(41ms).client(1).set(key, "v0").px(60s).ok();
  }
  for (int i = 1; i < 4; ++i) replaces_both(world, 200ms * i, "wx:paris:body", "wx:paris:fetched");
  const audit_result result = world.judged_by(all_rules());
  const finding* const finding = find_finding(result, "C403");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->pattern, "wx:paris:body");
  EXPECT_EQ(finding->count, 3U);
  EXPECT_NE(finding->message.find("wx:paris:fetched"), std::string::npos) << finding->message;
}

TEST(audit_c403, IsSilentForTwoValuesUnderOneName) {
  stage world;
  for (int i = 0; i < 4; ++i) {
    // Both are large.
    replaces_both(world, 200ms * i, "user:ann:profile", "user:ann:orders", false);
    // One is small, and each is stored because it was missing.
    const std::chrono::microseconds at = 1s + 200ms * i;
    world.at(at).client(1).get("shop:hat:page").miss();
    world.at(at + 1ms).client(1).get("shop:hat:price").miss();
    world.at(at + 50ms).client(1).set("shop:hat:page", "v").sized(400).px(100ms).ok();
    world.at(at + 51ms).client(1).set("shop:hat:price", std::to_string(i)).px(100ms).ok();
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C403"), nullptr);
}

// --- C404 xfetch-miscalibrated

/// Loads take 40 ms. The value is refreshed `times` times, refresh i `interval(i)` after the store
/// before it. Another client reads it every `read_every`.
template <class Interval>
stage refreshed(int times, Interval interval, std::chrono::milliseconds ttl = 60'000ms,
                std::chrono::milliseconds read_every = 10ms) {
  stage world = with_loads();
  world.at(100ms).client(1).get(user).miss();
  world.at(140ms).client(1).set(user, "v").px(ttl).ok();
  std::chrono::microseconds at = 140ms;
  for (int i = 0; i < times; ++i) {
    const std::chrono::microseconds before = at;
    at += interval(i);
    for (auto read = before + read_every; read < at - 40ms; read += read_every) {
      world.at(read).client(2).get(user).hit("v");
    }
    world.at(at - 40ms).client(1).get(user).hit("v");
    world.at(at).client(1).set(user, "v").px(ttl).ok();
  }
  world.at(at + 100ms).client(2).get(user).hit("v");
  return world;
}

TEST(audit_c404, IsRaisedForRefreshesThroughoutTheLife) {
  const audit_result result =
      refreshed(12, [](int i) { return 250ms + 90ms * (i * 7 % 10); }).judged_by(all_rules());
  const finding* const finding = find_finding(result, "C404");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->severity, severity::warning);
  EXPECT_EQ(finding->count, 11U);  // the first refresh is too soon after the miss
}

TEST(audit_c404, IsSilentForRefreshesNearTheEnd) {
  const audit_result result = refreshed(
                                  10, [](int i) { return 1'800ms + 15ms * (i * 7 % 10); }, 2'000ms)
                                  .judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C404"), nullptr);
  EXPECT_EQ(coverage_of(result, "C404"), status::pass);
}

TEST(audit_c404, IsSilentForASchedule) {
  const audit_result result = refreshed(20, [](int) { return 1'000ms; }).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C404"), nullptr);
}

TEST(audit_c404, IsSilentForAScheduleWithALateAndADoubledRefresh) {
  const audit_result result = refreshed(10, [](int i) {
                                return i == 3 ? 2'600ms : i == 4 ? 300ms : 2'000ms;
                              }).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C404"), nullptr);
  EXPECT_EQ(coverage_of(result, "C404"), status::pass);
}

TEST(audit_c404, IsRaisedForTheAgeInPlaceOfTheLoadTime) {
  // The TTL is 4 s, with 100 reads per second. The ages at the refreshes differ by about a fifth.
  constexpr int ages_ms[] = {840, 780, 680, 690, 1'110, 1'220, 800, 960, 970, 810, 1'260, 790};
  const audit_result result =
      refreshed(
          12, [&](int i) { return std::chrono::milliseconds{ages_ms[i] + 40}; }, 4'000ms)
          .judged_by(all_rules());
  EXPECT_NE(find_finding(result, "C404"), nullptr);
}

TEST(audit_c404, IsSilentForAScheduleWithJitterOfATenth) {
  const audit_result result =
      refreshed(20, [](int i) { return 900ms + 20ms * (i * 7 % 10); }).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C404"), nullptr);
}

TEST(audit_c404, IsSilentForAnAgeAfterWhichTheNextReaderRefreshesHoweverLateHeComes) {
  const audit_result result =
      refreshed(
          20, [](int i) { return 1'000ms + 300ms * (i * 7 % 10); }, 60'000ms, 5'000ms)
          .judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C404"), nullptr);
}

TEST(audit_c404, IsSilentForFewRefreshes) {
  const audit_result result =
      refreshed(7, [](int i) { return 250ms + 90ms * (i * 7 % 10); }).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C404"), nullptr);
  EXPECT_EQ(coverage_of(result, "C404"), status::not_exercised);
}

TEST(audit_c404, IsSilentForTheStoresOfAStampede) {
  stage world = with_loads();
  for (std::uint64_t i = 1; i <= 20; ++i) {
    world.at(100ms + 1ms * i).client(10 + i).get(user).miss();
    world.at(145ms + 1ms * i).client(10 + i).set(user, "v").px(60s).ok();
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C404"), nullptr);
}

}  // namespace
}  // namespace drover::audit::consistency_rules_test
