// SPDX-License-Identifier: MIT
// C407: texts that are no values. C905 to C907: what the server refuses, tracking that was lost,
// and a counter that counts too little.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"

namespace drover::audit::wrong_text_rules_test {
namespace {

using namespace testing;
using status = coverage_line::status;

std::string key_of(const char* prefix, int number) { return prefix + std::to_string(number); }

/// Six values are loaded with a ttl of 60 s. The first `wrong` of them are a known text instead,
/// stored for `ttl`.
stage values(known_text known, int wrong, std::chrono::milliseconds ttl = 60s,
             const char* prefix = "user:") {
  stage world;
  for (int i = 0; i < 6; ++i) {
    const std::string key = key_of(prefix, i);
    world.at(100ms * i).client(1).get(key).miss();
    const bool is_wrong = i < wrong;
    const std::string text = is_wrong ? "text" : std::string(60, 'v') + key;
    world.at(100ms * i + 40ms)
        .client(1)
        .set(key, text)
        .known(is_wrong ? known : known_text::no)
        .px(is_wrong ? ttl : 60s)
        .ok();
    world.at(100ms * i + 80ms).client(2).get(key).hit(text);
  }
  return world;
}

TEST(audit_c407, IsRaisedForObjectsErrorsAndWhatIsUndefined) {
  for (const known_text known :
       {known_text::object, known_text::undefined, known_text::error, known_text::error_page}) {
    for (const char* const prefix : {"user:", "/pages/", "app.v1.row."}) {
      const audit_result result = values(known, 2, 5s, prefix).judged_by(all_rules());
      const finding* const finding = find_finding(result, "C407");
      ASSERT_NE(finding, nullptr) << static_cast<int>(known);
      EXPECT_EQ(finding->severity, severity::error);
      EXPECT_EQ(finding->confidence, confidence::proof);
      EXPECT_EQ(finding->count, 2U);
      EXPECT_EQ(coverage_of(result, "C407"), status::fail);
    }
  }
}

TEST(audit_c407, IsRaisedForAMissingValueThatStaysAsLongAsOthers) {
  for (const known_text known : {known_text::none, known_text::not_a_number}) {
    const audit_result result = values(known, 2).judged_by(all_rules());
    ASSERT_NE(find_finding(result, "C407"), nullptr);
    EXPECT_EQ(find_finding(result, "C407")->severity, severity::error);
  }
  const audit_result null = values(known_text::null, 2).judged_by(all_rules());
  ASSERT_NE(find_finding(null, "C407"), nullptr);
  EXPECT_EQ(find_finding(null, "C407")->severity, severity::info);
}

TEST(audit_c407, IsSilentForMarkersWithAShortTtl) {
  for (const known_text known : {known_text::none, known_text::null, known_text::not_a_number}) {
    const audit_result result = values(known, 2, 5s).judged_by(all_rules());
    EXPECT_EQ(find_finding(result, "C407"), nullptr) << static_cast<int>(known);
    EXPECT_EQ(coverage_of(result, "C407"), status::pass);
  }
}

TEST(audit_c407, IsAHintAmongShortTexts) {
  stage world;
  for (int i = 0; i < 6; ++i) {  // a name, a colour, a rank: "None" may be one
    const std::string key = key_of("rank:", i);
    world.at(100ms * i).client(1).get(key).miss();
    world.at(100ms * i + 40ms)
        .client(1)
        .set(key, "rank" + std::to_string(i))
        .known(i == 0 ? known_text::none : known_text::no)
        .px(60s)
        .ok();
    world.at(100ms * i + 80ms).client(2).get(key).hit("r");
  }
  const audit_result result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C407"), nullptr);
  EXPECT_EQ(find_finding(result, "C407")->severity, severity::info);
}

TEST(audit_c407, IsSilentForWhatIsNoCachedValue) {
  stage world;
  for (int i = 0; i < 6; ++i) {
    const std::string key = key_of("job:", i);
    world.at(100ms * i).client(1).set(key, "text").known(known_text::undefined).ok();
    world.at(100ms * i + 80ms).client(2).get(key).hit("text");
  }
  EXPECT_EQ(find_finding(world.judged_by(all_rules()), "C407"), nullptr);
}

const finding* find_notice(const audit_result& result, std::string_view rule) {
  for (const finding& notice : result.notices) {
    if (notice.rule == rule) return &notice;
  }
  return nullptr;
}

TEST(audit_c905, TellsWhatTheServerRefused) {
  stage world = values(known_text::no, 0);
  EXPECT_EQ(find_notice(world.judged_by(all_rules()), "C905"), nullptr);
  world.at(2s).client(1).set("user:9", "v").px(60s).error("OOM");
  world.at(3s).client(1).set("user:9", "v").px(60s).error("OOM");
  world.at(4s).client(2).set("user:8", "v").px(60s).error("READONLY");
  const audit_result result = world.judged_by(all_rules());
  const finding* const notice = find_notice(result, "C905");
  ASSERT_NE(notice, nullptr);
  EXPECT_EQ(notice->severity, severity::warning);
  EXPECT_EQ(notice->count, 3U);
  EXPECT_NE(notice->message.find("2 commands were refused with OOM"), std::string::npos);
  EXPECT_NE(notice->message.find("1 command was refused with READONLY"), std::string::npos);
}

TEST(audit_c905, TellsOfThePolicyOfACacheOnly) {
  for (const char* const policy : {"noeviction", "allkeys-lrm", "volatile-lrm"}) {
    stage world = values(known_text::no, 0);
    world.at(9s).tell(server_said{"", 0, policy});
    const audit_result result = world.judged_by(all_rules());
    ASSERT_NE(find_notice(result, "C905"), nullptr) << policy;
    EXPECT_EQ(find_notice(result, "C905")->severity, severity::info);
    stage queue;
    queue.at(0ms).client(1).command("LPUSH").key("jobs").value("j").answers(1);
    queue.at(9s).tell(server_said{"", 0, policy});
    EXPECT_EQ(find_notice(queue.judged_by(all_rules()), "C905"), nullptr) << policy;
  }
  stage world = values(known_text::no, 0);
  world.at(9s).tell(server_said{"", 0, "allkeys-lru"});
  EXPECT_EQ(find_notice(world.judged_by(all_rules()), "C905"), nullptr);
}

TEST(audit_c905, IsSilentForFaultsOfTheTool) {
  stage world = values(known_text::no, 0);
  fault_injected fault;
  fault.fault = "error OOM";
  fault.kind = "error";
  world.at(1s).tell(fault);
  world.at(2s).client(1).set("user:9", "v").px(60s).error("OOM");
  EXPECT_EQ(find_notice(world.judged_by(all_rules()), "C905"), nullptr);
}

/// A process tracks its keys over connection 1, which ends. It goes on over connection 2.
stage reconnects(bool tracks_again, int reads) {
  stage world;
  world.belongs(7, {1, 2});
  world.at(0ms).client(1).command("CLIENT TRACKING").word("ON").ok();
  world.at(10ms).client(1).get(user).hit("v");
  world.at(1s).tell(connection_closed{1, 1s, false});
  world.at(1100ms).client(2).get(user).hit("v");
  if (tracks_again) world.at(1200ms).client(2).command("CLIENT TRACKING").word("ON").ok();
  for (int i = 0; i < reads; ++i) world.at(2s + 10ms * i).client(2).get(user).hit("v");
  return world;
}

TEST(audit_c906, TellsOfTrackingThatWasLost) {
  const audit_result result = reconnects(false, 20).judged_by(all_rules());
  const finding* const notice = find_notice(result, "C906");
  ASSERT_NE(notice, nullptr);
  EXPECT_EQ(notice->severity, severity::warning);
  EXPECT_NE(notice->message.find("1 process lost"), std::string::npos) << notice->message;
}

TEST(audit_c906, IsSilentWhereItIsTurnedOnAgainOrTheProcessEnds) {
  EXPECT_EQ(find_notice(reconnects(true, 20).judged_by(all_rules()), "C906"), nullptr);
  EXPECT_EQ(find_notice(reconnects(false, 0).judged_by(all_rules()), "C906"), nullptr);
  stage off = reconnects(true, 20);
  off.at(5s).client(2).command("CLIENT TRACKING").word("OFF").ok();
  off.at(6s).tell(connection_closed{2, 6s, true});
  EXPECT_EQ(find_notice(off.judged_by(all_rules()), "C906"), nullptr);
}

TEST(audit_c907, TellsOfACounterThatCountsTooLittle) {
  for (const char* const key : {"", "user:1"}) {
    for (const std::uint64_t told : {1U, 5U, 6U, 12U}) {
      stage world = values(known_text::no, 0);
      stage more = values(known_text::no, 0, 60s, "page:");
      world.at(700ms).tell(origin_loads{700ms, told, key, "redis 127.0.0.1:1 n"});
      const audit_result result = world.judged_by(all_rules());
      EXPECT_EQ(find_notice(result, "C907") != nullptr, told == 1) << told;
    }
  }
  EXPECT_EQ(find_notice(values(known_text::no, 0).judged_by(all_rules()), "C907"), nullptr);
}

TEST(audit_c907, IsSilentForQueries) {
  stage world = values(known_text::no, 0);
  world.at(700ms).tell(origin_loads{700ms, 1, "", "tcp 127.0.0.1:5432"});
  EXPECT_EQ(find_notice(world.judged_by(all_rules()), "C907"), nullptr);
}

/// The origin counts ten loads of a key that is stored once, and `others` other keys are loaded.
audit_result surplus_beside(int others) {
  stage world;
  for (std::uint64_t i = 1; i <= 4; ++i) world.at(1ms * i).client(i).get(user).miss();
  world.at(50ms).client(1).set(user, "v").px(60s).ok();
  for (int i = 0; i < others; ++i) {
    world.at(100ms * (i + 1)).client(1).get(key_of("user:", i)).miss();
    world.at(100ms * (i + 1) + 50ms).client(1).set(key_of("user:", i), "v").px(60s).ok();
  }
  world.at(2s).client(2).get(user).hit("v");
  world.at(3s).tell(origin_loads{3s, 10, "", "redis 127.0.0.1:1 n"});
  return world.judged_by(all_rules());
}

TEST(audit_c108, NamesTheOnlyKeyThatWasCold) {
  const audit_result alone = surplus_beside(0);
  ASSERT_NE(find_finding(alone, "C108"), nullptr);
  EXPECT_EQ(find_finding(alone, "C108")->keys, std::vector<std::string>{user});
  EXPECT_EQ(find_finding(alone, "C108")->confidence, confidence::proof);
  EXPECT_NE(find_finding(alone, "C108")->message.find("loads of user:42, the only"),
            std::string::npos);
  const audit_result several = surplus_beside(2);
  ASSERT_NE(find_finding(several, "C108"), nullptr);
  EXPECT_EQ(find_finding(several, "C108")->confidence, confidence::strong);
  EXPECT_EQ(find_finding(several, "C108")->message.find("the only"), std::string::npos);
}

}  // namespace
}  // namespace drover::audit::wrong_text_rules_test
