// SPDX-License-Identifier: MIT
#include "audit/advice/advice.hpp"

#include <gtest/gtest.h>

#include <string>

#include "audit/advice/advice_report.hpp"
#include "audit/engine/stage_for_test.hpp"

namespace drover::audit::advice_test {
namespace {

using namespace testing;

recorded_demand demand_of(const stage& world) {
  const auto demand = std::make_shared<recorded_demand>();
  std::vector<std::unique_ptr<rule>> rules;
  rules.push_back(watch_demand(demand));
  static_cast<void>(world.judged_by(std::move(rules)));
  return *demand;
}

/// Each of `callers` misses two keys every second and loads for 30 ms.
stage stampedes(std::uint64_t callers, std::chrono::milliseconds ttl) {
  stage world;
  for (int second = 0; second < 10; ++second) {
    for (std::uint64_t caller = 1; caller <= callers; ++caller) {
      for (const char* key : {"page:1", "page:2"}) {
        world.at(second * 1s + 1ms * caller).client(caller).get(key).miss();
        auto store = world.at(second * 1s + 1ms * caller + 30ms).client(caller).set(key, "v");
        if (ttl > 0ms) store.px(ttl);
        store.ok();
        world.at(second * 1s + 500ms + 1ms * caller).client(caller).get(key).hit("v");
      }
    }
  }
  return world;
}

std::string text_for(const recorded_demand& demand) {
  advised_recording advised;
  advised.file = "f";
  advised.patterns = advise(demand);
  return advice_text(advised);
}

bool gives_reason(const pattern_advice& advice, std::string_view setting) {
  for (const std::string& reason : advice.reasons) {
    if (reason.starts_with(setting)) return true;
  }
  return false;
}

TEST(audit_advice, RecommendsALeaseForStampedesAndKeepsTheTtl) {
  const auto all = advise(demand_of(stampedes(4, 900ms)));
  ASSERT_EQ(all.size(), 1U);
  const pattern_advice& advice = all[0];
  EXPECT_EQ(advice.pattern, "page:*");
  EXPECT_EQ(advice.keys, 2U);
  EXPECT_EQ(advice.loads, 80U);
  EXPECT_EQ(advice.ttl, moment(900ms));
  EXPECT_EQ(advice.settings.ttl, moment(900ms));
  EXPECT_FALSE(gives_reason(advice, "ttl"));
  EXPECT_GE(advice.lease, moment(1s));
  EXPECT_TRUE(gives_reason(advice, "lease"));
  EXPECT_TRUE(gives_reason(advice, "jitter"));
  EXPECT_NEAR(static_cast<double>(advice.predicted.loads), 20, 4) << "one for each key and second";
}

TEST(audit_advice, RecommendsALongerTtlOnlyIfItIsShorterThanTwentyLoads) {
  const auto all = advise(demand_of(stampedes(1, 100ms)));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_GE(all[0].settings.ttl, moment(20 * 29ms));
  EXPECT_TRUE(gives_reason(all[0], "ttl"));
  EXPECT_EQ(all[0].lease, moment{}) << "one caller needs none";
}

TEST(audit_advice, RecommendsATtlWhereThereIsNone) {
  const auto all = advise(demand_of(stampedes(1, 0ms)));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].ttl, moment{});
  EXPECT_EQ(all[0].settings.ttl, moment(1h));
  EXPECT_EQ(all[0].predicted.loads, 2U);
}

TEST(audit_advice, LeavesOutWhatIsNoCachedValue) {
  stage world;
  for (int i = 0; i < 20; ++i) {
    world.at(10ms * i).client(1).command("INCR").key("hits:1").answers(i);
    world.at(10ms * i + 1ms).client(1).get("session:1").hit("s");
  }
  const recorded_demand demand = demand_of(world);
  EXPECT_TRUE(demand.patterns.empty());
  EXPECT_NE(text_for(demand).find("nothing to advise"), std::string::npos);
}

TEST(audit_advice, EscapesNamesOfKeys) {
  recorded_demand demand;
  pattern_demand& pattern = demand.patterns.emplace_back();
  pattern.pattern = "a\x1b[31m\"b";
  pattern.ttls = {moment(1s)};
  EXPECT_EQ(text_for(demand).find('\x1b'), std::string::npos);
  advised_recording advised;
  advised.patterns = advise(demand);
  EXPECT_EQ(advice_json(advised).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace drover::audit::advice_test
