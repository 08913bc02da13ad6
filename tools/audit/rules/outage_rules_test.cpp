// SPDX-License-Identifier: MIT
// C701 to C707, and the silence of all other rules about what happens during an outage.
#include <gtest/gtest.h>

#include <string>

#include "audit/engine/stage_for_test.hpp"
#include "audit/rules/all_rules.hpp"

namespace drover::audit::outage_rules_test {
namespace {

using namespace testing;
using std::chrono::microseconds;
using status = coverage_line::status;

constexpr microseconds outage_from = 10s;
constexpr microseconds outage_to = 14s;

/// Reads of a cached value before the outage, an outage, and checks. `served(at)` says which of
/// them are served.
template <class Served>
stage with_outage(outage_kind kind, Served&& served, microseconds end = 30s) {
  stage world;
  world.at(0s).tell(outage_planned{kind, outage_from, outage_to, 24s});
  for (microseconds at = 1s; at < outage_from; at += 100ms) {
    world.at(at).client(1).get("shop:product:1").hit();
  }
  world.at(outage_from + 1s).client(1).get("shop:product:1").hit();
  for (microseconds at = 1s; at < end; at += 200ms) {
    application_checked check;
    check.from = at;
    check.to = at + 20ms;
    check.is_served = served(at);
    check.why = check.is_served ? "" : "it answered 500";
    world.at(at + 20ms).tell(check);
  }
  world.at(end);
  return world;
}

bool is_during(microseconds at) { return at >= outage_from && at < outage_to; }

struct ruled_kind {
  outage_kind kind;
  const char* rule;
};
constexpr ruled_kind ruled_kinds[] = {{outage_kind::errors, "C701"},
                                      {outage_kind::full, "C701"},
                                      {outage_kind::silent, "C702"},
                                      {outage_kind::away, "C703"},
                                      {outage_kind::slow, "C704"}};

TEST(audit_outage_rules, AnApplicationThatServesItsCallersPasses) {
  for (const auto& [kind, rule] : ruled_kinds) {
    const auto result = with_outage(kind, [](auto) { return true; }).judged_by(all_rules());
    EXPECT_EQ(coverage_of(result, rule), status::pass) << rule;
    EXPECT_EQ(coverage_of(result, "C705"), status::pass) << rule;
    EXPECT_EQ(coverage_of(result, "C706"), status::pass) << rule;
    expect_silent(result);
  }
}

TEST(audit_outage_rules, CallersThatAreNotServedAreAnError) {
  for (const auto& [kind, rule] : ruled_kinds) {
    const auto result =
        with_outage(kind, [](auto at) { return !is_during(at); }).judged_by(all_rules());
    const finding* const found = find_finding(result, rule);
    ASSERT_NE(found, nullptr) << rule;
    EXPECT_EQ(found->severity, severity::error);
    EXPECT_EQ(found->confidence, confidence::proof);
    EXPECT_EQ(found->count, 20U);
    EXPECT_EQ(found->opportunities, 20U);
    EXPECT_NE(found->message.find("it answered 500"), std::string::npos) << found->message;
    ASSERT_FALSE(found->evidence_list.empty());
    EXPECT_TRUE(found->evidence_list.front().timeline.front().decisive);
    EXPECT_EQ(find_finding(result, "C705"), nullptr) << "it recovered";
    for (const auto& [other_kind, other_rule] : ruled_kinds) {
      if (std::string{other_rule} == rule) continue;
      EXPECT_EQ(find_finding(result, other_rule), nullptr) << other_rule;
    }
  }
}

TEST(audit_outage_rules, OneFailedCheckIsNoFindingAndAFewAreAWarning) {
  const auto failing = [](int count) {
    int left = count;
    return with_outage(outage_kind::away,
                       [left](auto at) mutable { return !is_during(at) || left-- <= 0; })
        .judged_by(all_rules());
  };
  EXPECT_EQ(find_finding(failing(1), "C703"), nullptr);
  ASSERT_NE(find_finding(failing(2), "C703"), nullptr);
  EXPECT_EQ(find_finding(failing(2), "C703")->severity, severity::warning);
  EXPECT_EQ(find_finding(failing(3), "C703")->severity, severity::warning);
  EXPECT_EQ(find_finding(failing(4), "C703")->severity, severity::error);
}

TEST(audit_outage_rules, AnApplicationThatServedNobodyBeforeIsNotJudged) {
  const auto result =
      with_outage(outage_kind::away, [](auto) { return false; }).judged_by(all_rules());
  EXPECT_EQ(coverage_of(result, "C703"), status::not_judged);
  EXPECT_EQ(coverage_of(result, "C705"), status::not_exercised);
  EXPECT_EQ(find_finding(result, "C703"), nullptr);
}

TEST(audit_outage_rules, WithoutAnOutageNothingIsExercised) {
  stage world;
  world.at(1s).client(1).get("a:1").hit();
  const auto result = world.judged_by(all_rules());
  for (int id = 701; id <= 707; ++id) {
    EXPECT_EQ(coverage_of(result, 'C' + std::to_string(id)), status::not_exercised);
  }
}

TEST(audit_outage_rules, AnApplicationThatStaysDeadDoesNotRecover) {
  const auto result = with_outage(outage_kind::away, [](auto at) {
                        return at < outage_from;
                      }).judged_by(all_rules());
  const finding* const found = find_finding(result, "C705");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->severity, severity::error);
  EXPECT_NE(found->message.find("within 10.0 s"), std::string::npos) << found->message;
}

TEST(audit_outage_rules, AnApplicationThatEndsIsAnErrorAndDoesNotRecover) {
  stage world = with_outage(
      outage_kind::errors, [](auto) { return true; }, outage_from + 1s);
  application_checked end;
  end.from = end.to = outage_from + 1500ms;
  end.is_last = true;
  end.why = "the application ended with exit code 1";
  world.at(end.to).tell(end);
  const auto result = world.judged_by(all_rules());
  ASSERT_NE(find_finding(result, "C701"), nullptr);
  EXPECT_EQ(find_finding(result, "C701")->severity, severity::error);
  ASSERT_NE(find_finding(result, "C705"), nullptr);
  EXPECT_NE(find_finding(result, "C705")->message.find("exit code 1"), std::string::npos);
}

/// An outage in which the application opens `connections` connections.
audit_result stormed(unsigned connections) {
  stage world = with_outage(outage_kind::away, [](auto) { return true; });
  for (unsigned i = 0; i < connections; ++i) {
    world.at(outage_from + 1ms * i).tell(connection_opened{100 + i, world.now(), 0, "10.0.0.1"});
  }
  return world.at(30s).judged_by(all_rules());
}

TEST(audit_outage_rules, MoreThanFiveTimesTheUsualTrafficIsAStorm) {
  // 90 commands and a connection in 9 s before, so 10 a second; 4 s of an outage.
  EXPECT_EQ(find_finding(stormed(190), "C706"), nullptr);
  const audit_result result = stormed(230);
  ASSERT_NE(find_finding(result, "C706"), nullptr);
  EXPECT_EQ(find_finding(result, "C706")->severity, severity::warning);
}

TEST(audit_outage_rules, CommandsThatSetUpAConnectionAreNoStorm) {
  stage world = with_outage(outage_kind::errors, [](auto) { return true; });
  for (unsigned i = 0; i < 100; ++i) {
    world.at(outage_from + 20ms * i).tell(connection_opened{100 + i, world.now(), 0, "10.0.0.1"});
    for (const char* const setup : {"HELLO", "CLIENT SETINFO", "SELECT", "PING"}) {
      world.at(outage_from + 20ms * i).client(100 + i).command(setup).ok();
    }
    world.at(outage_from + 20ms * i).client(100 + i).get("shop:product:1").error("LOADING");
  }
  EXPECT_EQ(find_finding(world.at(30s).judged_by(all_rules()), "C706"), nullptr);
}

TEST(audit_outage_rules, AStormNeedsAMeasureOfWhatIsUsual) {
  stage world;
  world.at(0s).tell(outage_planned{outage_kind::away, outage_from, outage_to, 24s});
  world.at(1s).client(1).get("shop:product:1").hit();
  for (unsigned i = 0; i < 2000; ++i) {
    world.at(outage_from + 1ms * i).tell(connection_opened{100 + i, world.now(), 0, "10.0.0.1"});
  }
  const auto result = world.at(30s).judged_by(all_rules());
  EXPECT_EQ(find_finding(result, "C706"), nullptr);
  EXPECT_EQ(coverage_of(result, "C706"), status::not_judged);
}

/// An outage in which the origin is asked for so many loads.
audit_result flooded(outage_kind kind, std::uint64_t loads) {
  stage world = with_outage(kind, [](auto) { return true; });
  world.at(5s).tell(origin_loads{5s, 2, "", "log"});
  if (loads > 0) world.at(12s).tell(origin_loads{12s, loads, "", "log"});
  return world.at(30s).judged_by(all_rules());
}

TEST(audit_outage_rules, AnOriginThatGetsHalfOfTheReadsIsUnprotected) {
  // 10 reads a second before; 4 s of an outage.
  EXPECT_EQ(find_finding(flooded(outage_kind::away, 19), "C707"), nullptr);
  EXPECT_EQ(coverage_of(flooded(outage_kind::away, 19), "C707"), status::pass);
  ASSERT_NE(find_finding(flooded(outage_kind::away, 40), "C707"), nullptr);
  EXPECT_NE(find_finding(flooded(outage_kind::silent, 40), "C707"), nullptr);
  EXPECT_NE(find_finding(flooded(outage_kind::errors, 40), "C707"), nullptr);
  EXPECT_EQ(find_finding(flooded(outage_kind::slow, 40), "C707"), nullptr);
}

TEST(audit_outage_rules, WithoutAnOriginCounterTheOriginIsNotJudged) {
  const auto result =
      with_outage(outage_kind::away, [](auto) { return true; }).judged_by(all_rules());
  EXPECT_EQ(coverage_of(result, "C707"), status::not_judged);
}

/// Four clients miss at once, load and store: a stampede.
void stampede(stage& world, microseconds begin) {
  for (std::uint64_t i = 1; i <= 4; ++i) {
    world.at(begin + 1ms * i).client(i).get("shop:product:2").miss();
    world.at(begin + 100ms + 1ms * i).client(i).set("shop:product:2", "v").px(60s).ok();
  }
  world.at(begin + 300ms).client(1).del("shop:product:2").answers(1);
}

TEST(audit_outage_rules, WhatHappensDuringAnOutageIsNoFaultOfTheApplication) {
  for (const outage_kind kind : {outage_kind::slow, outage_kind::errors, outage_kind::full,
                                 outage_kind::silent, outage_kind::away}) {
    stage during = with_outage(kind, [](auto) { return true; });
    for (int i = 0; i < 3; ++i) stampede(during, outage_from + 500ms * (i + 1));
    EXPECT_EQ(find_finding(during.at(30s).judged_by(all_rules()), "C101"), nullptr);
    stage after = with_outage(kind, [](auto) { return true; });
    for (int i = 0; i < 3; ++i) stampede(after, 20s + 500ms * (i + 1));
    EXPECT_NE(find_finding(after.at(30s).judged_by(all_rules()), "C101"), nullptr);
  }
}

}  // namespace
}  // namespace drover::audit::outage_rules_test
