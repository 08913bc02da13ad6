// SPDX-License-Identifier: MIT
// One caller's deadline or stop token ends that caller's waiting, and nothing else.
#include <stop_token>

#include "integration/fleet.hpp"

namespace drover::test::limits_test {
namespace {

class caller_limits : public fleet {
 protected:
  void hold_in(cached_origin& by, std::unique_ptr<crowd>& leader) {
    origin.hold("a");
    leader = std::make_unique<crowd>(1, [&](unsigned) { return by.ask("a"); });
    leader->go();
    ASSERT_TRUE(loads_run("a"));
  }
};

TEST_F(caller_limits, ADeadlineEndsOneWaitAndNoOther) {
  cached_origin cached{origin, setup};
  std::unique_ptr<crowd> leader;
  hold_in(cached, leader);
  crowd patient{5, [&](unsigned) { return cached.ask("a"); }};
  patient.go();
  // Redis has half of the deadline to answer. Without an answer the call would load by itself.
  crowd hasty{5, [&](unsigned) { return cached.ask("a", call_options::within(2s)); }};
  const tally gone = hasty.result();
  EXPECT_EQ(gone.count("refused:timed_out"), 5U) << gone.line();
  EXPECT_EQ(patient.done() + leader->done(), 0U);
  origin.let_go("a");
  EXPECT_EQ(patient.result().got("0:a"), 5U);
  EXPECT_EQ(leader->result().count("loaded"), 1U);
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_EQ(cached.values.stats().refused, 5U);
}

TEST_F(caller_limits, ADeadlineEndsAWaitForAnotherProcess) {
  use_long_leases();
  cached_origin holder{origin, setup};
  cached_origin cached{origin, setup};
  ASSERT_EQ(cached.ask("other").how, "loaded");  // connects first, outside of the deadline
  std::unique_ptr<crowd> leader;
  hold_in(holder, leader);
  EXPECT_EQ(cached.ask("a", call_options::within(2s)).how, "refused:timed_out");
  origin.let_go("a");
  EXPECT_EQ(leader->result().count("loaded"), 1U);
  EXPECT_EQ(cached.ask("a").how, "fresh");
  EXPECT_EQ(origin.loads("a"), 1U);
}

TEST_F(caller_limits, ADeadlineOfTheLeaderLeavesTheLoadToTheOthers) {
  cached_origin cached{origin, setup};
  ASSERT_EQ(cached.ask("other").how, "loaded");  // connects first, outside of the deadline
  origin.hold("a");
  crowd leader{1, [&](unsigned) { return cached.ask("a", call_options::within(2s)); }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  crowd others{5, [&](unsigned) { return cached.ask("a"); }};
  others.go();
  EXPECT_EQ(leader.result().count("refused:timed_out"), 1U);
  origin.let_go("a");
  EXPECT_EQ(others.result().got("0:a"), 5U);
  EXPECT_EQ(origin.loads("a"), 1U);
}

TEST_F(caller_limits, AStopOfTheCallerThatBeganLeavesTheLeadToTheOneThatJoined) {
  use_long_leases();
  cached_origin holder{origin, setup};
  cached_origin cached{origin, setup};
  ASSERT_EQ(cached.ask("other").how, "loaded");
  std::unique_ptr<crowd> leader;
  hold_in(holder, leader);
  std::stop_source stop;
  crowd first{1, [&](unsigned) { return cached.ask("a", {.stop = stop.get_token()}); }};
  first.go();
  ASSERT_TRUE(eventually([&] { return cached.values.stats().misses == 2; }));
  crowd joined{1, [&](unsigned) { return cached.ask("a"); }};
  joined.go();
  ASSERT_TRUE(eventually([&] { return cached.values.stats().misses == 3; }));
  stop.request_stop();
  EXPECT_EQ(first.result().count("refused:stopped"), 1U);
  server.command({"UNLINK", value_key("a")});  // ends the holder's lease
  EXPECT_TRUE(loads_run("a", 2));
  origin.let_go("a");
  EXPECT_EQ(joined.result().got("0:a"), 1U);
  EXPECT_EQ(leader->result().got("0:a"), 1U);
}

TEST_F(caller_limits, AStopTokenEndsOneWaitAndNoOther) {
  cached_origin cached{origin, setup};
  std::unique_ptr<crowd> leader;
  hold_in(cached, leader);
  crowd patient{5, [&](unsigned) { return cached.ask("a"); }};
  patient.go();
  std::stop_source stop;
  crowd stopped{5, [&](unsigned) { return cached.ask("a", {.stop = stop.get_token()}); }};
  stopped.go();
  ASSERT_TRUE(eventually([&] { return cached.values.stats().misses >= 11; }));
  EXPECT_EQ(stopped.done(), 0U);
  stop.request_stop();
  const tally gone = stopped.result();
  EXPECT_EQ(gone.count("refused:stopped"), 5U) << gone.line();
  EXPECT_EQ(patient.done(), 0U);
  origin.let_go("a");
  EXPECT_EQ(patient.result().got("0:a"), 5U);
  EXPECT_EQ(origin.loads("a"), 1U);
}

TEST_F(caller_limits, AThousandWaitersLeaveAndTheLoadGoesOn) {
  cached_origin cached{origin, setup};
  origin.hold("a");
  std::stop_source stop;
  crowd waiters{1000, [&](unsigned) { return cached.ask("a", {.stop = stop.get_token()}); }};
  waiters.go();
  ASSERT_TRUE(loads_run("a"));
  ASSERT_TRUE(eventually([&] { return cached.values.stats().misses == 1000; }, 60s));
  stop.request_stop();
  const tally gone = waiters.result();
  EXPECT_EQ(gone.count("refused:stopped"), 1000U) << gone.line();
  EXPECT_EQ(origin.running("a"), 1U);
  origin.let_go("a");
  EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  EXPECT_EQ(origin.loads("a"), 1U);
}

TEST_F(caller_limits, AThousandWaitersForAnotherProcessLeaveNothingBehind) {
  use_long_leases();
  cached_origin holder{origin, setup};
  cached_origin cached{origin, setup};
  std::unique_ptr<crowd> leader;
  hold_in(holder, leader);
  std::stop_source stop;
  crowd waiters{1000, [&](unsigned) { return cached.ask("a", {.stop = stop.get_token()}); }};
  waiters.go();
  ASSERT_TRUE(eventually([&] { return cached.values.stats().misses == 1000; }, 60s));
  stop.request_stop();
  EXPECT_EQ(waiters.result().count("refused:stopped"), 1000U);
  origin.let_go("a");
  EXPECT_EQ(leader->result().count("loaded"), 1U);
  EXPECT_EQ(cached.ask("a").how, "fresh");
  EXPECT_EQ(origin.loads("a"), 1U);
}

TEST_F(caller_limits, AWaitLongerThanThePolicyAllowsIsRefusedAndLoadsNothing) {
  setup.policy.wait_max = 50ms;
  cached_origin cached{origin, setup};
  origin.hold("a");
  crowd leader{1, [&](unsigned) {
                 answer given = cached.ask("a");
                 // Redis can take longer than 50 ms to grant the lease on a busy machine.
                 while (given.how == "refused:timed_out" && origin.loads("a") == 0)
                   given = cached.ask("a");
                 return given;
               }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  EXPECT_EQ(cached.ask("a").how, "refused:timed_out");
  origin.let_go("a");
  EXPECT_EQ(leader.result().count("loaded"), 1U) << "its own load is no wait";
  EXPECT_EQ(origin.loads("a"), 1U);
}

TEST_F(caller_limits, MoreWaitersThanAllowedAreRefused) {
  client_options narrow = setup.client();
  narrow.waiters_max = 10;
  cached_origin cached{origin, {.name = "t", .policy = setup.policy}, narrow};
  origin.hold("a");
  crowd callers{30, [&](unsigned) { return cached.ask("a"); }};
  callers.go();
  ASSERT_TRUE(eventually([&] { return callers.done() == 20; }));
  origin.let_go("a");
  const tally all = callers.result();
  EXPECT_EQ(all.count("refused:saturated"), 20U) << all.line();
  EXPECT_EQ(all.got("0:a"), 10U);
  EXPECT_EQ(origin.loads("a"), 1U);
}

TEST_F(caller_limits, ADeadlineIsKeptByABypassWhenRedisHangs) {
  cached_origin cached{origin, setup};
  static_cast<void>(cached.ask("a"));
  server.pause();
  EXPECT_EQ(cached.ask("a", call_options::within(2s)).how, "bypassed")
      << "Redis has half of the time";
  std::stop_source stop;
  crowd stopped{3, [&](unsigned) { return cached.ask("a", {.stop = stop.get_token()}); }};
  stopped.go();
  stop.request_stop();
  EXPECT_EQ(stopped.result().count("refused:stopped"), 3U);
  server.resume();
  EXPECT_EQ(cached.ask("a").how, "fresh") << "abandoned replies are nobody else's";
}

}  // namespace
}  // namespace drover::test::limits_test
