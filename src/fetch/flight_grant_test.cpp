// SPDX-License-Identifier: MIT
// Which callers may begin a load, and when a grant ends.
#include <gtest/gtest.h>

#include "fetch/script_for_test.hpp"

namespace drover::fetch::testing::flight_grant_test {
namespace {

TEST(flight_grant, EndsLoadMaxAfterTheGrantAlthoughNobodyBegins) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", passes(stage::load_max))
      .ends_with("release_late #1, finish", "not begun for everyone");
  script{refresh()}
      .expect("mark #1", marked())
      .expect("offer_lead", passes(stage::load_max))
      .ends_with("mark_release #1, finish", "not begun for everyone");
  script{bypass()}
      .expect("want_turn", turn())
      .expect("offer_lead", passes(stage::load_max))
      .ends_with("return_turn, finish", "not begun without redis for everyone");
}

TEST(flight_grant, CountsLoadMaxFromTheGrantAndNotFromTheBeginningOfTheLoad) {
  stage on;
  cold()(on);
  lead()(on);
  const steady_time granted = on.now;
  passes(milliseconds{20'000})(on);
  load_begins()(on);
  EXPECT_EQ(on.machine.grant_ends(), granted + stage::load_max);
  passes(milliseconds{10'000})(on);
  EXPECT_EQ(on.machine.end().outcome, flight_outcome::timed_out);
}

TEST(flight_grant, IsKeptAliveWhileNobodyHasBegun) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", passes(stage::lease_ttl / 3))
      .expect("renew #1", renewed())
      .expect("", load_begins())
      .expect("", loaded())
      .expect("fill #1 over #1", stored())
      .ends_with("finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_grant, OfATurnIsGivenBackWhileTheLoaderHangs) {
  script{bypass()}
      .expect("want_turn", turn())
      .expect("offer_lead", load_begins())
      .expect("", passes(stage::load_max))
      .ends_with("stop_load, return_turn, finish", "timed out without redis for everyone");
}

TEST(flight_grant, IsGivenBackWhenThereIsNoThread) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", thread_missing())
      .ends_with("release_late #1, finish", "not begun for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_grant, RidesOnTheTurnOfTheLoadThatItsCallerIsInside) {
  script{bypass()}
      .expect("want_turn", turn_is_lent())
      .expect("return_turn, offer_lead", load_begins())
      .expect("", loaded())
      .ends_with("finish", "loaded without redis for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_grant, IsRefusedWhenTheQueueForTurnsIsFull) {
  stage on;
  bypass()(on);
  turn_is_refused()(on);
  EXPECT_EQ(text_of(on.fresh), "finish");
  EXPECT_EQ(on.machine.end().outcome, flight_outcome::saturated);
}

TEST(flight_grant, IsNotNeededWhenAnotherLoadOfTheKeyMayBeShared) {
  stage on;
  bypass()(on);
  turn_is_not_needed()(on);
  EXPECT_EQ(text_of(on.fresh), "finish");
  EXPECT_EQ(on.machine.end().outcome, flight_outcome::runs_already);
}

TEST(flight_grant, OfABypassAloneIsSharedOnlyWithThoseThatJoinedBeforeTheRead) {
  stage on;
  bypass_alone()(on);
  turn()(on);
  EXPECT_TRUE(on.machine.is_open());
  load_begins()(on);
  EXPECT_FALSE(on.machine.is_open());
  EXPECT_FALSE(on.machine.is_open(true));
  loaded()(on);
  EXPECT_TRUE(on.machine.end().is_for(0));
  EXPECT_FALSE(on.machine.end().is_for(1, true));
}

TEST(flight_grant, UnderAMarkerIsNoLeaseAndSharesByTheReadOnly) {
  script{cold()}
      .expect("lease #1", uncacheable())
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .ends_with("finish", "loaded for those before 2")
      .survives_everything_at_every_step();
}

TEST(flight_grant, OfAKeyThatIsNeverStoredNeedsNoTurn) {
  script{unstored()}
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .ends_with("finish", "loaded without redis for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_grant, MeansNothingOnAnotherServer) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", load_begins())
      .expect("", server_replaced())
      .expect("lease_lost, let_go from 2", loaded())
      .ends_with("finish", "loaded for those before 2")
      .survives_everything_at_every_step();
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", server_replaced())
      .ends_with("finish", "dissolved for everyone");
}

TEST(flight_grant, IsLookedForWithoutEndOnlyWhileSomethingMoves) {
  // A server that says "wait" for ever: same holder, same end, and the end has passed each time.
  stage on;
  cold()(on);
  int leases = 0;
  while (on.machine.now_in() != flight::state::queued && leases < 20) {
    wait(9, 900, milliseconds{0})(on);
    ++leases;
    if (on.has_outstanding()) continue;
    if (const auto due = on.machine.due()) on.time_is(*due);
  }
  EXPECT_LE(leases, 6) << "then Redis is bypassed";
}

TEST(flight_grant, IsWaitedForAsLongAsTheHolderRenews) {
  stage on;
  cold()(on);
  for (int i = 1; i < 50; ++i) {
    wait(9, 900 + i, milliseconds{0})(on);
    ASSERT_EQ(on.machine.now_in(), flight::state::waiting) << "renewal " << i;
    on.time_is(*on.machine.due());
  }
}

TEST(flight_grant, PerhapsGivenByAReplyOfTheWrongShapeIsReleased) {
  script{cold()}
      .expect("lease #1", fails({"corrupt", fault_code::corrupt, true}))
      .expect("release_late #1, want_turn", turn())
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .ends_with("return_turn, finish", "loaded without redis for everyone");
}

TEST(flight_grant, OfARunningLoadIsJoinedByCallersThatBypassAfterTheConnectionWasLost) {
  stage on;
  cold()(on);
  lead()(on);
  load_begins()(on);
  connection_lost()(on);
  EXPECT_FALSE(on.machine.is_open());
  EXPECT_TRUE(on.machine.is_open(true)) << "one load of the key at a time";
  const std::uint64_t late = on.machine.stamp(on.now);
  loaded()(on);
  on.fill(lease::fill_outcome::refused);
  EXPECT_FALSE(on.machine.end().is_for(late));
  EXPECT_TRUE(on.machine.end().is_for(late, true));
}

TEST(flight_grant, OfAnInvalidatedLoadIsJoinedByNobody) {
  stage on;
  bypass()(on);
  turn()(on);
  load_begins()(on);
  invalidated()(on);
  EXPECT_FALSE(on.machine.is_open(true));
}

}  // namespace
}  // namespace drover::fetch::testing::flight_grant_test
