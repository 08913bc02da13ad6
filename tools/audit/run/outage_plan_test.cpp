// SPDX-License-Identifier: MIT
#include "audit/run/outage_plan.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "fault/plan/decider.hpp"

namespace drover::audit::outage_plan_test {
namespace {

using namespace std::chrono_literals;
using faults::fault_kind;

TEST(audit_outage_plan, PlansOneAfterTheOther) {
  const outage_times times{.before = 3s, .length = 2s, .pause = 4s};
  const auto plan = planned_outages({outage_kind::slow, outage_kind::away}, times);
  ASSERT_EQ(plan.size(), 2U);
  EXPECT_EQ(plan[0].kind, outage_kind::slow);
  EXPECT_EQ(plan[0].from, 3s);
  EXPECT_EQ(plan[0].to, 5s);
  EXPECT_EQ(plan[0].recovery_until, 9s);
  EXPECT_EQ(plan[1].from, 9s);
  EXPECT_EQ(plan[1].recovery_until, 15s);
  EXPECT_EQ(end_of_outages({outage_kind::slow, outage_kind::away}, times), 15s);
  EXPECT_TRUE(planned_outages({}, times).empty());
}

TEST(audit_outage_plan, EachKindHasANameAndAFaultOfItsWindow) {
  std::set<std::string_view> names;
  for (const outage_kind kind : all_outage_kinds()) {
    names.insert(name_of(kind));
    EXPECT_EQ(outage_kind_named(name_of(kind)), kind);
    const auto spec = fault_of({kind, 1500ms, 3500ms, 9s});
    EXPECT_EQ(spec.from, 1500ms) << spec.text;
    EXPECT_EQ(spec.length, 2s) << spec.text;
  }
  EXPECT_EQ(names.size(), outage_kind_count);
  EXPECT_EQ(outage_kind_named("all"), std::nullopt);
  EXPECT_EQ(fault_text_of({outage_kind::away, 3s, 4500ms, 9s}), "down from=3s for=1500ms");
}

/// The fault of a command one second after the begin of an outage of two seconds.
faults::request_decision decision(outage_kind kind, std::string_view command,
                                  std::string_view full_command, faults::microseconds at = 2s) {
  faults::decider decisions{{fault_of({kind, 1s, 3s, 9s})}, 1};
  faults::connection_counts counts;
  return decisions.on_request(
      {.command = command, .full_command = full_command, .keys = {}, .at = at}, counts);
}

TEST(audit_outage_plan, AServerThatLoadsStillGreetsItsClients) {
  for (const char* const command : {"GET", "SET", "EVALSHA", "MULTI", "EXEC", "PING", "DEL"}) {
    EXPECT_TRUE(decision(outage_kind::errors, command, command).fate) << command;
  }
  for (const char* const command : {"HELLO", "AUTH", "SELECT", "INFO", "QUIT"}) {
    EXPECT_FALSE(decision(outage_kind::errors, command, command).fate) << command;
  }
  EXPECT_FALSE(decision(outage_kind::errors, "CLIENT", "CLIENT SETINFO").fate);
  EXPECT_FALSE(decision(outage_kind::errors, "GET", "GET", 500ms).fate);
}

TEST(audit_outage_plan, AServerWithoutMemoryStillReadsAndDeletes) {
  for (const char* const command :
       {"SET", "SETEX", "SETNX", "MSET", "HSET", "HMSET", "INCR", "LPUSH", "RPUSH", "ZADD"}) {
    EXPECT_TRUE(decision(outage_kind::full, command, command).fate) << command;
  }
  for (const char* const command : {"GET", "MGET", "DEL", "EXPIRE", "HGETALL", "LPOP", "PING"}) {
    EXPECT_FALSE(decision(outage_kind::full, command, command).fate) << command;
  }
}

TEST(audit_outage_plan, AFrozenServerAnswersAtTheEnd) {
  const auto frozen = decision(outage_kind::silent, "GET", "GET");
  ASSERT_EQ(frozen.delays.size(), 1U);
  EXPECT_EQ(frozen.delays.front().time, 1s);
  const auto slow = decision(outage_kind::slow, "GET", "GET");
  ASSERT_EQ(slow.delays.size(), 1U);
  EXPECT_GE(slow.delays.front().time, 200ms);
  EXPECT_LE(slow.delays.front().time, 400ms);
}

}  // namespace
}  // namespace drover::audit::outage_plan_test
