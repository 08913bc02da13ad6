// SPDX-License-Identifier: MIT
// The origin fails, or has no value: which callers get the failure, and when the next caller tries
// again.
#include <stdexcept>

#include "integration/fleet.hpp"

namespace drover::test::failure_test {
namespace {

using failure = fleet;

TEST_F(failure, IsOneObjectForAllWhoWaitInTheProcessAndOneLoad) {
  cached_origin cached{origin, setup};
  origin.set_failing("a", true);
  origin.hold("a");
  crowd callers{50, [&](unsigned) { return cached.ask("a"); }};
  callers.go();
  ASSERT_TRUE(loads_run("a"));
  ASSERT_TRUE(eventually([&] { return cached.values.stats().misses == 50; }));
  origin.let_go("a");
  const std::vector<answer> answers = callers.answers();
  const tally all = count(answers);
  EXPECT_EQ(all.count("origin_failure"), 50U) << all.line();
  EXPECT_EQ(all.objects.size(), 1U);
  EXPECT_EQ(all.texts, std::set<std::string>{"no answer for a"});
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_EQ(cached.values.stats().failures, 1U);
}

TEST_F(failure, ReachesOtherProcessesAsLoadFailedAndNobodyRepeatsTheLoad) {
  use_long_leases();
  cached_origin cached{origin, setup};
  auto other = start_worker();
  origin.set_failing("a", true);
  origin.hold("a", 1);
  crowd callers{20, [&](unsigned) { return cached.ask("a"); }};
  callers.go();
  ASSERT_TRUE(loads_run("a"));
  other->start(20, "a");
  ASSERT_TRUE(eventually([&] { return scripts_run() >= 2 && calls_of(server, "get") >= 40; }));
  std::this_thread::sleep_for(200ms);  // the load time, and so the pause
  origin.let_go("a");
  const tally mine = callers.result();
  EXPECT_EQ(mine.count("origin_failure"), 20U) << mine.line();
  const tally theirs = other->result();
  // On a stalled machine a caller may come after the pause. It then tries again, once for all
  // callers.
  const std::uint32_t attempts = stored("a").attempts;
  EXPECT_EQ(origin.loads("a"), attempts);
  EXPECT_EQ(theirs.count("load_failed:threw") + theirs.count("origin_failure"), 20U)
      << theirs.line();
  if (attempts == 1) {
    EXPECT_EQ(theirs.count("load_failed:threw"), 20U) << theirs.line();
  }
  EXPECT_EQ(other->quit(), 0);
}

TEST_F(failure, HidesItsTextFromOtherProcessesUnlessToldToShareIt) {
  use_long_leases();
  for (const bool shares : {false, true}) {
    setup.policy.share_failure_text = shares;
    cached_origin cached{origin, setup};
    cached_origin other{origin, setup};
    const std::string key = shares ? "b" : "a";
    origin.set_failing(key, true);
    EXPECT_EQ(cached.ask(key).how, "origin_failure");
    prolong_pause(key);
    const answer theirs = other.ask(key);
    EXPECT_EQ(theirs.how, "load_failed:threw");
    EXPECT_EQ(theirs.attempt, 1U);
    EXPECT_EQ(theirs.text.find("no answer for") != std::string::npos, shares) << theirs.text;
  }
}

TEST_F(failure, IsSharedWithTheBytesThatCannotBePrintedEscapedOnce) {
  use_long_leases();
  setup.policy.share_failure_text = true;
  const auto loader = [](std::string_view) -> std::string {
    throw std::runtime_error{"\x1b[31m \"red\"\n C:\\temp \xff"};
  };
  const std::string escaped = R"(\x1b[31m \"red\"\n C:\\temp \xff)";
  const client first{setup.client()};
  const client second{setup.client()};
  const cache_options options{.name = setup.name, .policy = setup.policy};
  cache<std::string> cached{first, options, loader};
  cache<std::string> other{second, options, loader};
  EXPECT_THROW(static_cast<void>(cached.get("a")), std::runtime_error);
  prolong_pause("a");
  try {
    static_cast<void>(other.get("a"));
    ADD_FAILURE() << "it threw nothing";
  } catch (const load_failed& theirs) {
    EXPECT_TRUE(std::string_view{theirs.what()}.ends_with(": " + escaped)) << theirs.what();
  }
}

// Lower bounds only: 50 ms doubled for each attempt, a fifth less by jitter at most.
TEST_F(failure, IsFollowedByPausesThatGrow) {
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  origin.set_failing("a", true);
  for (std::uint32_t attempt = 1; attempt <= 4; ++attempt) {
    ASSERT_TRUE(eventually([&] {
      static_cast<void>((attempt % 2 == 0 ? cached : other).ask("a"));
      return origin.loads("a") >= attempt;
    }));
    EXPECT_EQ(origin.loads("a"), attempt);
    const entry::envelope failed = stored("a");
    ASSERT_EQ(failed.kind, entry::kind::failed);
    EXPECT_EQ(failed.attempts, attempt);
    EXPECT_GE((failed.until - failed.stored_at).count(), 40 << (attempt - 1));
  }
  origin.set_failing("a", false);
  EXPECT_TRUE(eventually([&] { return cached.ask("a").value == "0:a"; }));
  EXPECT_EQ(origin.loads("a"), 5U);
}

TEST_F(failure, WithinGraceIsHiddenByTheOldValue) {
  setup.policy.ttl = 100ms;
  setup.policy.grace = 1h;
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  static_cast<void>(cached.ask("a"));
  origin.set_failing("a", true);
  origin.set_load_time(500ms);  // so the pause is at least 400 ms
  ASSERT_TRUE(eventually([&] {
    static_cast<void>(cached.ask("a"));
    return cached.values.stats().failures == 1;
  }));
  EXPECT_EQ(origin.loads("a"), 2U);
  for (int i = 0; i < 20; ++i) {
    for (cached_origin* process : {&cached, &other}) {
      const answer got = process->ask("a");
      EXPECT_EQ(got.how, "stale") << got.text;
      EXPECT_EQ(got.value, "0:a");
    }
  }
  EXPECT_EQ(origin.running_max("a"), 1U);
  origin.set_failing("a", false);
  origin.set_load_time(0ms);
  origin.write("a");
  EXPECT_TRUE(eventually([&] { return other.ask("a").value == "1:a"; }));
}

TEST_F(failure, WithinGraceReachesNoCallerOfGetOrLoad) {
  setup.policy.ttl = 100ms;
  setup.policy.grace = 1h;
  client redis{setup.client()};
  cache<std::string> cached{redis,
                            {.name = "t", .policy = setup.policy},
                            [&](std::string_view key) { return origin.load(key); }};
  EXPECT_EQ(cached.get("a"), "0:a");
  unsigned tried = 0;
  ASSERT_TRUE(eventually([&] {
    const auto got = cached.get_or_load("a", [&](std::string_view) -> std::string {
      ++tried;
      throw origin_failure{"down"};
    });
    EXPECT_EQ(got, "0:a");
    return tried > 0;
  }));
}

TEST_F(failure, PassedLimitsOfTheLoadAreCountedAsAttemptsToo) {
  setup.policy.lease_ttl = 1s;  // a busy machine must not keep it from being renewed
  setup.policy.load_max = 1s;
  cached_origin cached{origin, setup};
  origin.hold("a");
  crowd leader{1, [&](unsigned) { return cached.ask("a"); }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  const answer first = cached.ask("a");
  EXPECT_EQ(first.how, "load_failed:timed_out") << first.value;
  EXPECT_EQ(first.attempt, 1U);
  EXPECT_EQ(stored("a").failure, entry::failure_class::timed_out);
  origin.let_go("a");
  EXPECT_EQ(leader.result().got("0:a"), 1U);
}

TEST_F(failure, IsNotAnAbsentValueWhichIsRememberedForItsOwnTime) {
  setup.policy.absent_ttl = 1h;
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  origin.set_absent("a", true);
  EXPECT_EQ(cached.ask("a").how, "loaded");
  const answer again = other.ask("a");
  EXPECT_EQ(again.how, "fresh");
  EXPECT_EQ(again.value, "absent");
  EXPECT_EQ(origin.loads("a"), 1U);
  EXPECT_EQ(other.values.peek("a"), std::nullopt);
  origin.set_absent("a", false);
  ASSERT_TRUE(other.values.invalidate("a").has_value());
  EXPECT_EQ(cached.ask("a").value, "0:a");
}

TEST_F(failure, AndAbsenceEndWithTheirTimes) {
  setup.policy.absent_ttl = 100ms;
  setup.policy.grace = 1h;
  cached_origin cached{origin, setup};
  origin.set_absent("a", true);
  EXPECT_EQ(cached.ask("a").value, "absent");
  origin.set_absent("a", false);
  EXPECT_TRUE(eventually([&] {
    const answer got = cached.ask("a");
    EXPECT_NE(got.how, "stale") << "absence has no grace";
    return got.value == "0:a";
  }));
  EXPECT_EQ(origin.loads("a"), 2U);
}

TEST_F(failure, AbsenceThatIsNotRememberedStillServesThoseWhoWait) {
  setup.policy.absent_ttl = 0ms;
  use_long_leases();
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  origin.set_absent("a", true);
  origin.hold("a", 1);
  crowd leader{5, [&](unsigned) { return cached.ask("a"); }};
  leader.go();
  ASSERT_TRUE(loads_run("a"));
  crowd waiters{5, [&](unsigned) { return other.ask("a"); }};
  waiters.go();
  ASSERT_TRUE(eventually([&] { return scripts_run() >= 2; }));
  origin.let_go("a");
  EXPECT_EQ(leader.result().got("absent"), 5U);
  EXPECT_EQ(waiters.result().got("absent"), 5U);
  origin.set_absent("a", false);
  EXPECT_TRUE(eventually([&] { return other.ask("a").value == "0:a"; }));
}

TEST_F(failure, OfAFreshFoundNothingReplacesTheOldValueAtOnce) {
  setup.policy.ttl = 100ms;
  setup.policy.grace = 1h;
  setup.policy.absent_ttl = 1h;
  cached_origin cached{origin, setup};
  static_cast<void>(cached.ask("a"));
  origin.set_absent("a", true);
  EXPECT_TRUE(eventually([&] { return cached.ask("a").value == "absent"; }));
  EXPECT_EQ(cached.ask("a").how, "fresh");
}

}  // namespace
}  // namespace drover::test::failure_test
