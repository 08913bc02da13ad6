// SPDX-License-Identifier: MIT
// Scripts of flights that refresh an entry (#200) that can still be served. See flight_test.cpp.
#include "fetch/script_for_test.hpp"

#include <gtest/gtest.h>

namespace drover::fetch::testing::flight_refresh_test {
namespace {

constexpr milliseconds third = stage::lease_ttl / 3;
constexpr milliseconds soon{100};  // until the entry can no longer be served

TEST(flight_refresh, ReplacesTheEntryUnderItsMark) {
  script{refresh()}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(third))
      .expect("mark_extend #1", loaded())
      .expect("fill #1 over #200", stored())
      .ends_with("mark_release #1, finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, LeavesItToWhoeverHasTheMark) {
  script{refresh()}
      .expect("mark #1", marked(false))
      .ends_with("finish", "dissolved for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, GivesTheMarkBackWhenTheEntryIsAnotherByNow) {
  script{refresh()}
      .expect("mark #1", marked(true, false))
      .ends_with("mark_release #1, finish", "dissolved for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, GivesBackAMarkThatIsPerhapsItsOwn) {
  for (const mishap& cause : mishaps) {
    script{refresh()}
        .expect("mark #1", fails(cause))
        .ends_with("mark_release #1, finish", "dissolved for everyone");
  }
}

TEST(flight_refresh, GivesBackTheMarkThatItHasAskedForWhenNobodyNeedsIt) {
  script{refresh()}
      .expect("mark #1", abandoned())
      .expect("mark_release #1, finish", marked())
      .ends_with("mark_release #1", "dissolved for everyone");
}

TEST(flight_refresh, GivesTheMarkBackWhenNobodyCanLead) {
  script{refresh()}
      .expect("mark #1", marked())
      .expect("offer_lead", abandoned())
      .ends_with("mark_release #1, finish", "dissolved for everyone");
}

TEST(flight_refresh, KeepsTheMarkForThePauseAfterAFailure) {
  script{refresh()}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", threw())
      .ends_with("mark_pause #1, finish", "failed here for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, GivesARefusedValueToThoseBeforeTheRead) {
  script{refresh()}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", loaded())
      .expect("fill #1 over #200", refused())
      .ends_with("mark_release #1, finish", "loaded for those before 1");
}

TEST(flight_refresh, HasNoCertificateForWhatIsNotStored) {
  script{refresh()}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", not_stored())
      .ends_with("mark_release #1, finish", "loaded for those before 1");
}

TEST(flight_refresh, BecomesTheHolderBeforeTheEntryCanNoLongerBeServed) {
  script{refresh(soon)}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(soon - milliseconds{21}))
      .expect("", passes(milliseconds{1}))
      .expect("promote #1 over #200", promoted())
      .expect("", passes(third))
      .expect("renew #1, mark_extend #1", renewed())
      .expect("", loaded())
      .expect("fill #1 over #1", stored())
      .ends_with("mark_release #1, finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, ReleasesAsTheHolderWhatIsNotToBeStored) {
  script{refresh(soon)}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(soon))
      .expect("promote #1 over #200", promoted())
      .expect("", not_stored())
      .expect("release #1", released())
      .ends_with("mark_release #1, finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, FailsAsTheHolderForAllProcesses) {
  script{refresh(soon)}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(soon))
      .expect("promote #1 over #200", promoted())
      .expect("", threw())
      .ends_with("failure #1 x1, mark_pause #1, finish", "failed here for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, StoresNothingWhenItMayNotBecomeTheHolder) {
  script{refresh(soon)}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(soon))
      .expect("promote #1 over #200", promoted(false))
      .expect("lease_lost, let_go from 1", loaded())
      .ends_with("mark_release #1, finish", "loaded for those before 1")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, WaitsForTheAnswerWhenTheLoadEndsMeanwhile) {
  script{refresh(soon)}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(soon))
      .expect("promote #1 over #200", loaded())
      .expect("", promoted())
      .expect("fill #1 over #1", stored())
      .ends_with("mark_release #1, finish", "loaded for everyone")
      .survives_everything_at_every_step();
  script{refresh(soon)}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(soon))
      .expect("promote #1 over #200", loaded())
      .expect("", promoted(false))
      .ends_with("lease_lost, let_go from 1, mark_release #1, finish", "loaded for those before 1");
}

TEST(flight_refresh, ReleasesAPromotionThatCameAfterTheLoadFailed) {
  script{refresh(soon)}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(soon))
      .expect("promote #1 over #200", threw())
      .expect("mark_pause #1, release_late #1, finish", promoted())
      .ends_with("release_late #1", "failed here for everyone");
}

TEST(flight_refresh, ReleasesAPromotionThatCameAfterItGaveUp) {
  script{refresh(soon)}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(soon))
      .expect("promote #1 over #200", drained())
      .expect("mark_release #1, stop_load", promoted())
      .expect("release_late #1", loaded())
      .ends_with("mark_release #1, finish", "loaded for those before 1")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, FindsOutByRenewingWhetherALostPromotionApplied) {
  script{refresh(soon)}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(soon))
      .expect("promote #1 over #200", fails(reply_lost))
      .expect("", passes(third))
      .expect("renew #1, mark_extend #1", renewed())
      .expect("", loaded())
      .expect("fill #1 over #1", stored())
      .ends_with("mark_release #1, finish", "loaded for everyone")
      .survives_everything_at_every_step();
  script{refresh(soon)}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(soon))
      .expect("promote #1 over #200", fails(reply_lost))
      .expect("", passes(third))
      .expect("renew #1, mark_extend #1", renewed(false))
      .expect("", loaded())
      .expect("fill #1 over #200", stored())
      .ends_with("mark_release #1, finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, FillsBothWaysWhenItIsUnknownWhetherItIsTheHolder) {
  script{refresh(soon)}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(soon))
      .expect("promote #1 over #200", loaded())
      .expect("", fails(reply_lost))
      .expect("fill #1 over #200", refused())
      .expect("fill #1 over #1", stored())
      .ends_with("mark_release #1, finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, IsDroppedWhenNobodyBeganItBeforeItsEntryEnds) {
  // From then on another process may lead, and two loads would run at once.
  script{refresh(soon)}
      .expect("mark #1", marked())
      .expect("offer_lead", passes(soon - milliseconds{20}))
      .ends_with("mark_release #1, finish", "dissolved for everyone, dropped")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, IsDroppedByTheThreadThatComesBeforeALateTimer) {
  stage on;
  refresh(soon)(on);
  marked()(on);
  on.now += soon;
  load_begins()(on);
  EXPECT_EQ(text_of(on.fresh), "mark_release #1, finish");
  EXPECT_FALSE(on.is_loading);
  EXPECT_TRUE(on.machine.end().is_dropped);
}

TEST(flight_refresh, BecomesTheHolderBeforeItIsOfferedWhenTheMarkCameLate) {
  script{refresh(soon)}
      .expect("mark #1", passes(soon - milliseconds{20}))
      .expect("", marked())
      .expect("promote #1 over #200", promoted())
      .expect("offer_lead", passes(third))
      .expect("renew #1, mark_extend #1", load_begins())
      .expect("", renewed())
      .expect("", loaded())
      .expect("fill #1 over #1", stored())
      .ends_with("mark_release #1, finish", "loaded for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, LeavesALateLoadToTheProcessThatLeads) {
  script{refresh(soon)}
      .expect("mark #1", passes(soon))
      .expect("", marked())
      .expect("promote #1 over #200", promoted(false))
      .ends_with("mark_release #1, finish", "dissolved for everyone")
      .survives_everything_at_every_step();
}

TEST(flight_refresh, ReleasesALeaseThatAFaultMayHaveGrantedBeforeALateLoad) {
  for (const mishap& cause : mishaps) {
    script{refresh(soon)}
        .expect("mark #1", passes(soon))
        .expect("", marked())
        .expect("promote #1 over #200", fails(cause))
        .ends_with("release_late #1, mark_release #1, finish", "dissolved for everyone");
  }
}

TEST(flight_refresh, ReleasesAPromotionBeforeALateLoadThatNobodyWants) {
  script{refresh(soon)}
      .expect("mark #1", passes(soon))
      .expect("", marked())
      .expect("promote #1 over #200", abandoned())
      .expect("mark_release #1, release_late #1, finish", promoted())
      .ends_with("release_late #1", "dissolved for everyone");
  script{refresh(soon)}
      .expect("mark #1", passes(soon))
      .expect("", marked())
      .expect("promote #1 over #200", promoted())
      .expect("offer_lead", abandoned())
      .ends_with("mark_release #1, release_late #1, finish", "dissolved for everyone");
}

TEST(flight_refresh, EndsAtTheGrantsEndWhileALateLoadWaitsForTheAnswer) {
  script{refresh(soon)}
      .expect("mark #1", passes(soon))
      .expect("", marked())
      .expect("promote #1 over #200", passes(stage::load_max))
      .expect("mark_release #1, release_late #1, finish", promoted())
      .ends_with("release_late #1", "not begun for everyone");
}

TEST(flight_refresh, TimesOutWithoutTouchingTheEntry) {
  script{refresh()}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", passes(stage::load_max))
      .expect("stop_load, mark_pause #1, finish", loaded())
      .ends_with("", "timed out for everyone");
}

TEST(flight_refresh, GivesItsMarkUpWhenItDrains) {
  script{refresh()}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", drained())
      .expect("mark_release #1, stop_load", threw())
      .ends_with("mark_pause #1, finish", "failed here for everyone");
}

TEST(flight_refresh, StoresNothingOverAnInvalidation) {
  script{refresh()}
      .expect("mark #1", marked())
      .expect("offer_lead", load_begins())
      .expect("", invalidated())
      .expect("let_go from 1", loaded())
      .expect("fill #1 over #200", refused())
      .ends_with("mark_release #1, finish", "loaded for those before 1")
      .survives_everything_at_every_step();
}

}  // namespace
}  // namespace drover::fetch::testing::flight_refresh_test
