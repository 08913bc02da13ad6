// SPDX-License-Identifier: MIT
// Changes of the origin while loads run that began before them.
#include <drover/cache.hpp>

#include "integration/doorway.hpp"
#include "integration/fleet.hpp"

namespace drover::test::invalidation_test {
namespace {

class invalidation : public fleet {
 protected:
  /// Begins a load of "a" in `by`. It has read version 0 and does not end.
  std::unique_ptr<crowd> begin_old_load(cached_origin& by, unsigned callers = 1) {
    origin.hold("a", 1);
    auto begun = std::make_unique<crowd>(callers, [&](unsigned) { return by.ask("a"); });
    begun->go();
    EXPECT_TRUE(loads_run("a"));
    return begun;
  }
};

TEST_F(invalidation, ByAnotherProcessRefusesTheFillOfALoadThatBeganBefore) {
  use_long_leases();  // no renewal runs, so the fill itself must be refused
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  const auto leader = begin_old_load(cached);
  origin.write("a");
  ASSERT_TRUE(other.values.invalidate("a").has_value());
  EXPECT_EQ(other.ask("a").value, "1:a") << "while the old load still runs";
  origin.let_go("a");
  EXPECT_EQ(leader->result().got("0:a"), 1U) << "it asked before the change";
  EXPECT_EQ(cached.values.stats().fills_refused, 1U);
  EXPECT_EQ(cached.faults(fault_code::superseded), 1U);
  EXPECT_EQ(cached.log->count(event_kind::fill_refused), 1U);
  EXPECT_EQ(cached.ask("a").value, "1:a");
  EXPECT_EQ(other.ask("a").value, "1:a");
  EXPECT_EQ(origin.loads("a"), 2U);
}

TEST_F(invalidation, ByAnotherProcessIsSeenByTheNextCallerOfTheLoadingProcess) {
  use_long_leases();
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  const auto leader = begin_old_load(cached);
  origin.write("a");
  ASSERT_TRUE(other.values.invalidate("a").has_value());
  crowd later{5, [&](unsigned) { return cached.ask("a"); }};
  later.go();
  origin.let_go("a");
  const tally all = later.result();
  EXPECT_EQ(all.got("1:a"), 5U) << all.line();
  EXPECT_EQ(leader->result().got("0:a"), 1U);
}

TEST_F(invalidation, ByTheLoadingProcessStartsLaterCallersAgainAtOnce) {
  use_long_leases();
  cached_origin cached{origin, setup};
  const auto leader = begin_old_load(cached);
  origin.write("a");
  ASSERT_TRUE(cached.values.invalidate("a").has_value());
  EXPECT_EQ(cached.ask("a").value, "1:a") << "while the old load still runs";
  origin.let_go("a");
  EXPECT_EQ(leader->result().got("0:a"), 1U);
  EXPECT_EQ(cached.ask("a").value, "1:a");
  EXPECT_EQ(origin.loads("a"), 2U);
}

TEST_F(invalidation, LetsThoseGoWhoJoinedAfterTheOriginWasRead) {
  use_long_leases();
  cached_origin cached{origin, setup};
  const auto leader = begin_old_load(cached);
  crowd joined{20, [&](unsigned) { return cached.ask("a"); }};
  joined.go();
  ASSERT_TRUE(eventually([&] { return cached.values.stats().misses >= 21; }));
  origin.write("a");
  ASSERT_TRUE(cached.values.invalidate("a").has_value());
  // They may get either version, but they must not wait for the old load.
  ASSERT_TRUE(eventually([&] { return joined.done() == 20; }));
  EXPECT_EQ(leader->done(), 0U);
  EXPECT_EQ(joined.result().got("1:a"), 20U);
  origin.let_go("a");
  EXPECT_EQ(leader->result().got("0:a"), 1U);
}

TEST_F(invalidation, RefusesTheFillOfARefreshThatBeganBefore) {
  setup.policy.ttl = 100ms;
  setup.policy.grace = 1h;
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  static_cast<void>(cached.ask("a"));
  ASSERT_TRUE(eventually([&] {
    origin.hold("a", 2);
    return cached.ask("a").how == "stale";
  }));
  ASSERT_TRUE(loads_run("a"));
  origin.write("a");
  ASSERT_TRUE(other.values.invalidate("a").has_value());
  EXPECT_EQ(other.ask("a").value, "1:a");
  origin.let_go("a");
  ASSERT_TRUE(eventually([&] { return cached.values.stats().fills_refused == 1; }));
  EXPECT_EQ(cached.ask("a").value, "1:a");
  EXPECT_EQ(other.ask("a").value, "1:a");
}

TEST_F(invalidation, WakesTheWaitersOfOtherProcessesToLoadAnew) {
  use_long_leases();
  cached_origin cached{origin, setup};
  auto other = start_worker();
  const auto leader = begin_old_load(cached);
  other->start(5, "a");
  ASSERT_TRUE(eventually([&] { return scripts_run() >= 2; }));
  origin.write("a");
  ASSERT_TRUE(cached.values.invalidate("a").has_value());
  const tally all = other->result();
  EXPECT_EQ(all.got("1:a"), 5U) << all.line();
  origin.let_go("a");
  EXPECT_EQ(leader->result().got("0:a"), 1U);
  EXPECT_EQ(other->quit(), 0);
}

TEST_F(invalidation, WhileRedisIsAwayIsReportedAndReplayedAfterwards) {
  doorway door{server};
  cached_origin other{origin, setup};
  setup.url = door.url();
  cached_origin cached{origin, setup};
  EXPECT_EQ(cached.ask("a").value, "0:a");
  EXPECT_EQ(other.ask("a").how, "fresh");
  door.close();
  origin.write("a");
  const result<void> unknown = cached.values.invalidate("a");
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, fault_code::unreachable) << unknown.error().text;
  EXPECT_EQ(cached.values.stats().invalidations_unknown, 1U);
  const answer meanwhile = other.ask("a");
  EXPECT_EQ(meanwhile.value, "0:a") << "it did not reach the server; " << meanwhile.how;
  door.open();
  EXPECT_TRUE(eventually([&] { return other.ask("a").value == "1:a"; }));
  EXPECT_TRUE(eventually([&] { return cached.ask("a").how == "fresh"; }));
  EXPECT_EQ(cached.ask("a").value, "1:a");
}

TEST_F(invalidation, IsForgottenWhenItWasAcknowledgedAndTheServerIsTheSame) {
  cached_origin cached{origin, setup};
  static_cast<void>(cached.ask("a"));
  ASSERT_TRUE(cached.values.invalidate("a").has_value());
  ASSERT_EQ(cached.ask("a").how, "loaded");
  server.command({"CLIENT", "KILL", "TYPE", "normal"});
  ASSERT_TRUE(eventually([&] { return cached.log->count(event_kind::connection_up) == 2; }));
  EXPECT_EQ(cached.ask("a").how, "fresh");
  EXPECT_EQ(origin.loads("a"), 2U);
}

TEST_F(invalidation, CoversOlderSchemasThatItNames) {
  client redis{setup.client()};
  const auto loader = [&](std::string_view key) { return origin.load(key); };
  cache<std::string> old{redis, {.name = "t", .schema = 7, .policy = setup.policy}, loader};
  cache<std::string> now{
      redis, {.name = "t", .schema = 8, .policy = setup.policy, .also_invalidates = {7}}, loader};
  static_cast<void>(old.get("a"));
  static_cast<void>(now.get("a"));
  origin.write("a");
  ASSERT_TRUE(now.invalidate("a").has_value());
  EXPECT_EQ(old.get("a"), "1:a");
  EXPECT_EQ(now.get("a"), "1:a");
  origin.write("a");
  ASSERT_TRUE(now.expire("a").has_value());
  EXPECT_EQ(old.get("a"), "2:a") << "without grace expire is invalidate";
}

TEST_F(invalidation, SoftlyWithGraceServesTheOldValueWhileOneRefreshRuns) {
  setup.policy.grace = 1h;
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  static_cast<void>(cached.ask("a"));
  origin.write("a");
  origin.hold("a", 2);
  ASSERT_TRUE(other.values.expire("a").has_value());
  const answer old = cached.ask("a");
  EXPECT_EQ(old.how, "stale");
  EXPECT_EQ(old.value, "0:a");
  ASSERT_TRUE(loads_run("a"));
  EXPECT_EQ(other.ask("a").how, "stale");
  origin.let_go("a");
  EXPECT_TRUE(eventually([&] { return other.ask("a").how == "fresh"; }));
  EXPECT_EQ(other.ask("a").value, "1:a");
  EXPECT_EQ(origin.loads("a"), 2U);
}

TEST_F(invalidation, SoftlyWithGraceRefusesTheRefreshThatRanAlready) {
  setup.policy.ttl = 100ms;
  setup.policy.grace = 1h;
  cached_origin cached{origin, setup};
  cached_origin other{origin, setup};
  static_cast<void>(cached.ask("a"));
  ASSERT_TRUE(eventually([&] {
    origin.hold("a", 2);
    return cached.ask("a").how == "stale";
  }));
  ASSERT_TRUE(loads_run("a"));
  origin.write("a");
  ASSERT_TRUE(other.values.expire("a").has_value());
  origin.let_go("a");
  ASSERT_TRUE(eventually([&] { return cached.values.stats().fills_refused == 1; }));
  EXPECT_TRUE(eventually([&] { return cached.ask("a").value == "1:a"; }));
}

TEST_F(invalidation, SoftlyWithoutGraceIsTheSameAsInvalidate) {
  cached_origin cached{origin, setup};
  static_cast<void>(cached.ask("a"));
  origin.write("a");
  ASSERT_TRUE(cached.values.expire("a").has_value());
  const answer now = cached.ask("a");
  EXPECT_EQ(now.how, "loaded");
  EXPECT_EQ(now.value, "1:a");
}

}  // namespace
}  // namespace drover::test::invalidation_test
