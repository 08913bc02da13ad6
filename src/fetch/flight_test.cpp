// SPDX-License-Identifier: MIT
// Scripts of flights that begin with a LEASE or a bypass. Each step is `expect(the actions of the
// machine, the next event)`. "lease #2 over #1": a LEASE with token #2 that names #1.
#include "fetch/script_for_test.hpp"

#include <gtest/gtest.h>

namespace drover::fetch::testing::flight_test {
namespace {

constexpr milliseconds third = stage::lease_ttl / 3;

TEST(flight, LeadsAndFillsWhatIsMissing) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .expect("fill #1 over #1", stored())
      .ends_with("finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight, TakesADuplicateForStored) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .expect("fill #1 over #1", fails(reply_lost))
      .expect("fill #1 over #1", duplicate())
      .ends_with("finish", "loaded for everyone");
}

TEST(flight, KeepsARefusedValueForThoseWhoCameBeforeTheRead) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .expect("fill #1 over #1", refused())
      .ends_with("finish", "loaded for those before 2")
      .survives_everything_at_every_step();
}

TEST(flight, WaitsAndTakesWhatTheHolderStored) {
  script{cold()}
      .expect("lease #1", wait(100))
      .expect("", woken())
      .expect("lease #2", hit())
      .ends_with("finish", "read for those before 2")
      .survives_everything_at_every_step();
}

TEST(flight, AsksOnlyOnceWhenWoken) {
  script{cold()}
      .expect("lease #1", wait(100))
      .expect("", woken())
      .expect("lease #2", wait(100, 1200))
      .expect("", woken())
      .expect("lease #3", hit())
      .ends_with("finish", "read for those before 3");
}

TEST(flight, AsksAgainWhenItWasWokenWhileItAsked) {
  script{cold()}
      .expect("lease #1", woken())
      .expect("", wait(100))
      .expect("lease #2", hit())
      .ends_with("finish", "read for those before 2")
      .survives_everything_at_every_step();
}

TEST(flight, AsksAgainWhenTheLeaseHasEndedAndLeads) {
  script{cold()}
      .expect("lease #1", wait(100, 900, milliseconds{400}))
      .expect("", passes(milliseconds{400}))
      // The key on the server ends just after its time has passed.
      .expect("", passes(milliseconds{2}))
      .expect("lease #2", lead())
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .expect("fill #2 over #2", stored())
      .ends_with("finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight, TakesOverFromAHolderThatIsGone) {
  script{cold()}
      .expect("lease #1", wait(100))
      .expect("", holder_gone())
      .expect("lease #2 over #100", lead(3))
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .expect("fill #2 over #2", stored())
      .ends_with("finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight, SaysThatItTookOver) {
  stage on;
  cold()(on);
  wait(100)(on);
  EXPECT_EQ(on.machine.holder_client_id(), 7U);
  EXPECT_EQ(on.machine.holder(), numbered(100));
  holder_gone()(on);
  EXPECT_EQ(on.machine.holder_client_id(), 0U);
  lead(3)(on);
  EXPECT_TRUE(on.machine.is_take_over());
  EXPECT_TRUE(on.machine.is_holder());
  EXPECT_EQ(on.machine.attempts(), 3U);
}

TEST(flight, TakesOverFromAHolderThatIsSilentOnItsOwnClock) {
  // The server's clock was set back, so the lease ends in an hour by that clock.
  const milliseconds hour{3'600'000};
  script{cold()}
      .expect("lease #1", wait(100, 5000, hour))
      .expect("", passes(stage::lease_ttl + milliseconds{2}))
      .expect("lease #2", wait(100, 5000, hour))
      .expect("lease #3 over #100", lead())
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .expect("fill #3 over #3", stored())
      .ends_with("finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight, WaitsOnForAHolderThatRenews) {
  script{cold()}
      .expect("lease #1", wait(100, 900))
      .expect("", passes(third))
      .expect("", woken())
      .expect("lease #2", wait(100, 1200))
      .expect("", passes(third))
      .expect("", woken())
      .expect("lease #3", wait(100, 1500))
      .expect("", passes(third * 2))
      .expect("", woken())
      .expect("lease #4", wait(100, 1500))  // unchanged for two thirds only
      .expect("", woken())
      .expect("lease #5", hit())
      .ends_with("finish", "read for those before 5");
}

TEST(flight, TellsOfAFailureElsewhere) {
  script{cold()}
      .expect("lease #1", failed_elsewhere())
      .ends_with("finish", "failed elsewhere for those before 1")
      .survives_everything_at_every_step();
}

TEST(flight, LeavesANewerFormatAlone) {
  script{cold()}
      .expect("lease #1", newer())
      .expect("want_turn", turn())
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .ends_with("return_turn, finish", "loaded without redis for everyone")
      .survives_everything_at_every_step();
}

TEST(flight, TellsOthersThatTheLoadFailed) {
  script{cold()}
      .expect("lease #1", lead(2))
      .expect("offer_lead", load_begins())
      .expect("", threw())
      .ends_with("failure #1 x3, finish", "failed here for everyone")
      .survives_everything_at_every_step();
}

TEST(flight, EndsAtLoadMaxAndDropsTheLateResult) {
  for (const event& late : {loaded(), threw(), not_stored()}) {
    script{cold()}
        .expect("lease #1", lead())
        .expect("offer_lead", load_begins())
        .expect("", passes(stage::load_max - milliseconds{1}))
        .expect("renew #1", renewed())
        .expect("", passes(milliseconds{1}))
        .expect("stop_load, failure #1 x1, finish", late)
        .ends_with("", "timed out for everyone");
  }
}

TEST(flight, TakesAResultJustBeforeLoadMax) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", load_begins())
      .expect("", passes(stage::load_max - milliseconds{1}))
      .expect("renew #1", loaded())
      .expect("fill #1 over #1", passes(milliseconds{1}))
      .expect("", stored())
      .ends_with("finish", "loaded for everyone");
}

TEST(flight, RenewsEveryThird) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", passes(third))
      .expect("renew #1", renewed())
      .expect("", load_begins())
      .expect("", passes(third - milliseconds{1}))
      .expect("", passes(milliseconds{1}))
      .expect("renew #1", renewed())
      .expect("", loaded())
      .expect("fill #1 over #1", stored())
      .ends_with("finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight, StoresNothingWhenTheLeaseIsLost) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", load_begins())
      .expect("", passes(third))
      .expect("renew #1", renewed(false))
      .expect("lease_lost, let_go from 2", passes(third))
      .expect("", loaded())
      .ends_with("finish", "loaded for those before 2")
      .survives_everything_at_every_step();
}

TEST(flight, StartsAgainWhenTheLeaseIsLostBeforeTheLoadBegins) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", passes(third))
      .expect("renew #1", renewed(false))
      .ends_with("lease_lost, finish", "dissolved for everyone");
}

TEST(flight, TakesNoFaultOfARenewalForALoss) {
  for (const mishap& cause : mishaps) {
    script{cold()}
        .expect("lease #1", lead())
        .expect("offer_lead", load_begins())
        .expect("", passes(third))
        .expect("renew #1", fails(cause))
        .expect("", loaded())
        .expect("fill #1 over #1", stored())
        .ends_with("finish", "loaded for everyone");
  }
}

TEST(flight, IgnoresARenewalThatTheFillOvertook) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", load_begins())
      .expect("", passes(third))
      .expect("renew #1", loaded())
      .expect("fill #1 over #1", renewed(false))
      .expect("", stored())
      .ends_with("finish", "loaded for everyone");
}

TEST(flight, AsksAgainWhenInvalidatedWhileItWaits) {
  script{cold()}
      .expect("lease #1", wait(100))
      .expect("", invalidated())
      .expect("lease #2", lead())
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .expect("fill #2 over #2", stored())
      .ends_with("finish", "loaded for everyone");
}

TEST(flight, GivesWhatItReadWhileInvalidatedOnlyToThoseWhoCameBefore) {
  script{cold()}
      .expect("lease #1", invalidated())
      .expect("", hit())
      .ends_with("finish", "read for those before 1");
}

TEST(flight, IsClosedByAnInvalidationOnceTheOriginIsRead) {
  stage on;
  cold()(on);
  EXPECT_EQ(on.machine.stamp(on.now), 1U);
  lead()(on);
  invalidated()(on);
  EXPECT_TRUE(on.machine.is_open()) << "nothing was read yet";
  load_begins()(on);
  EXPECT_TRUE(on.machine.is_open());
  EXPECT_EQ(on.machine.stamp(on.now), 2U) << "a caller that joins now is not before the read";
  invalidated()(on);
  EXPECT_EQ(text_of(on.fresh), "let_go from 2");
  EXPECT_FALSE(on.machine.is_open());
  loaded()(on);
  EXPECT_EQ(text_of(on.fresh), "fill #1 over #1");
  invalidated()(on);
  EXPECT_EQ(text_of(on.fresh), "let_go from 2");
  refused()(on);
  EXPECT_TRUE(on.machine.end().is_for(1));
  EXPECT_FALSE(on.machine.end().is_for(2));
}

TEST(flight, CountsACallerThatStartedAgainAsOneFromBeforeALaterRead) {
  stage on;
  cold()(on);
  const steady_time before = on.now;
  passes(milliseconds{1})(on);
  lead()(on);
  load_begins()(on);
  passes(milliseconds{1})(on);
  EXPECT_EQ(on.machine.stamp(before), 1U);
  EXPECT_EQ(on.machine.stamp(before + milliseconds{1}), 2U) << "perhaps not before the read";
  EXPECT_EQ(on.machine.stamp(on.now), 2U);
  invalidated()(on);
  EXPECT_EQ(text_of(on.fresh), "let_go from 2");
  loaded()(on);
  refused()(on);
  EXPECT_TRUE(on.machine.end().is_for(1));
}

TEST(flight, IsClosedToBypassingCallersOnceItsLeaseIsLost) {
  stage on;
  cold()(on);
  lead()(on);
  load_begins()(on);
  on.connection_lost();
  EXPECT_FALSE(on.machine.is_open());
  EXPECT_TRUE(on.machine.is_open(true));
  on.server_replaced();
  EXPECT_FALSE(on.machine.is_open(true)) << "they would be let go at once, again and again";
}

TEST(flight, IsClosedToNewcomersFromTheFillOn) {
  stage on;
  cold()(on);
  EXPECT_TRUE(on.machine.is_open());
  lead()(on);
  load_begins()(on);
  EXPECT_TRUE(on.machine.is_open());
  loaded()(on);
  EXPECT_FALSE(on.machine.is_open());
  stored()(on);
  EXPECT_FALSE(on.machine.is_open());
  EXPECT_TRUE(on.machine.end().is_for(2)) << "a stored value is for all callers that joined";
}

TEST(flight, ReleasesWhatIsNotToBeStored) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", load_begins())
      .expect("", not_stored())
      .expect("release #1", released())
      .ends_with("finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight, TakesALostReleaseForNoCertificate) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", load_begins())
      .expect("", not_stored())
      .expect("release #1", released(false))
      .ends_with("finish", "loaded for those before 2");
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", load_begins())
      .expect("", not_stored())
      .expect("release #1", fails(reply_lost))
      .ends_with("release_late #1, finish", "loaded for those before 2");
}

TEST(flight, NamesTheLostAttemptAndThenCountsRedisAsAway) {
  script{cold()}
      .expect("lease #1", fails(reply_lost))
      .expect("lease #2 over #1", fails(reply_lost))
      .expect("lease #3 over #2", fails(reply_lost))
      .expect("release_late #3, want_turn", turn())
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .ends_with("return_turn, finish", "loaded without redis for everyone");
}

TEST(flight, BypassesWhenRedisIsAway) {
  script{cold()}
      .expect("lease #1", fails(redis_away))
      .expect("want_turn", turn())
      .expect("offer_lead", load_begins())
      .expect("", threw())
      .ends_with("return_turn, finish", "failed here without redis for everyone")
      .survives_everything_at_every_step();
}

TEST(flight, GivesAnInvalidatedBypassOnlyToThoseBeforeTheRead) {
  script{bypass()}
      .expect("want_turn", turn())
      .expect("offer_lead", load_begins())
      .expect("", invalidated())
      .expect("let_go from 1", loaded())
      .ends_with("return_turn, finish", "loaded without redis for those before 1")
      .survives_everything_at_every_step();
}

TEST(flight, ReturnsATurnOnceWhetherItCameOrNot) {
  script{bypass()}
      .expect("want_turn", abandoned())
      .expect("return_turn, finish", turn())  // the turn was granted before the flight gave it up
      .ends_with("", "dissolved without redis for everyone");
  script{bypass()}
      .expect("want_turn", turn())
      .expect("offer_lead", abandoned())
      .ends_with("return_turn, finish", "dissolved without redis for everyone");
}

TEST(flight, AsksOnTheNextConnectionWhenItWaited) {
  script{cold()}
      .expect("lease #1", wait(100))
      .expect("", connection_lost())
      .expect("lease #2", hit())
      .ends_with("finish", "read for those before 2")
      .survives_everything_at_every_step();
}

TEST(flight, LetsNobodyJoinARunningLoadAfterTheConnectionWasLost) {
  stage on;
  cold()(on);
  lead()(on);
  connection_lost()(on);
  EXPECT_TRUE(on.machine.is_open());
  EXPECT_TRUE(on.machine.is_holder()) << "it is renewed on the next connection";
  load_begins()(on);
  connection_lost()(on);
  EXPECT_FALSE(on.machine.is_open());
  EXPECT_TRUE(on.machine.is_holder());
}

TEST(flight, GivesUpItsLeaseAndGoesOnForItsCallersWhenItDrains) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", load_begins())
      .expect("", drained())
      .expect("release_late #1, stop_load", passes(third))
      .expect("", loaded())
      .ends_with("finish", "loaded for those before 2")
      .survives_everything_at_every_step();
}

TEST(flight, ReleasesALeaseThatCameTooLate) {
  script{cold()}
      .expect("lease #1", collapses())
      .expect("finish", lead())
      .ends_with("release_late #1", "dissolved for everyone");
}

// The client may be gone when the reply comes.
TEST(flight, ReleasesTheLeaseThatItHasAskedForWhenNobodyNeedsIt) {
  script{cold()}
      .expect("lease #1", abandoned())
      .expect("release_late #1, finish", lead())
      .ends_with("release_late #1", "dissolved for everyone");
  script{cold()}
      .expect("lease #1", abandoned())
      .expect("release_late #1, finish", fails(reply_lost))
      .ends_with("release_late #1", "dissolved for everyone");
  script{cold()}
      .expect("lease #1", abandoned())
      .expect("release_late #1, finish", wait(100))
      .ends_with("", "dissolved for everyone");
}

TEST(flight, ReleasesAnOfferThatNobodyIsThereToTake) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", abandoned())
      .ends_with("release_late #1, finish", "dissolved for everyone");
}

TEST(flight, IsNotEndedByCallersWhoLeaveARunningLoad) {
  script{cold()}
      .expect("lease #1", lead())
      .expect("offer_lead", load_begins())
      .expect("", abandoned())
      .expect("", loaded())
      .expect("fill #1 over #1", abandoned())
      .expect("", stored())
      .ends_with("finish", "loaded for everyone");
}

TEST(flight, StaysEndedWhenItWasAbandonedBeforeItBegan) {
  for (const event& beginning : {cold(), bypass(), refresh()}) {
    script{abandoned()}.expect("finish", beginning).ends_with("", "dissolved for everyone");
  }
}

TEST(flight, GivesItsLeaseBackWhenNothingWasStored) {
  for (const mishap& cause : {mishaps[2], mishaps[3], mishaps[4]}) {
    script{cold()}
        .expect("lease #1", lead())
        .expect("offer_lead", load_begins())
        .expect("", loaded())
        .expect("fill #1 over #1", fails(cause))
        .ends_with("release_late #1, finish", "loaded for those before 2");
  }
}

}  // namespace
}  // namespace drover::fetch::testing::flight_test
