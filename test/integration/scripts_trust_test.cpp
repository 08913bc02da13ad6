// SPDX-License-Identifier: MIT
// Which entries LEASE trusts: entries from before the server's start, pauses that other processes
// set, and the marker for values that must not be stored.
#include <string>

#include "integration/two_clients.hpp"

namespace drover::test::scripts_trust_test {
namespace {

using script_trust = two_clients;

// ---- entries from before the server's start

TEST_F(script_trust, AValueFromBeforeTheServersStartIsAHitOnlyWhileItHasGrace) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  ASSERT_EQ(first.fill(first.fill_of(a, "x"))->outcome, fills::stored);
  auto since = second.lease_of(b);
  since.stored_from = first.head().stored_at;
  EXPECT_EQ(second.lease(since)->outcome, leases::hit) << "not older";
  since.stored_from += 1ms;
  EXPECT_EQ(second.lease(since)->outcome, leases::hit) << "to be served as stale";
  first.store({.kind = kind::value, .until = first.now() - 1min, .produced_by = a, .grace = 1s},
              "x");
  EXPECT_EQ(second.lease(since)->outcome, leases::lead) << "its grace is over";
  first.store({.kind = kind::value, .until = first.now() + 1min, .produced_by = a}, "x");
  EXPECT_EQ(second.lease(since)->outcome, leases::lead) << "it has no grace";
}

TEST_F(script_trust, EverythingElseFromBeforeTheServersStartCountsAsMissing) {
  auto since = second.lease_of(b);
  since.stored_from = server_time{2ms};
  since.failure_pause_max = 24h * 36'525;
  for (const kind stored : {kind::pending, kind::absent, kind::failed, kind::uncacheable}) {
    envelope head{.kind = stored,
                  .stored_at = server_time{2ms},
                  .until = first.now() + 1min,
                  .produced_by = a};
    first.store(head, "");
    EXPECT_NE(second.lease(since)->outcome, leases::lead);
    head.stored_at = server_time{1ms};
    if (stored == kind::pending || stored == kind::failed) head.attempts = 4;
    first.store(head, "");
    const auto granted = second.lease(since);
    ASSERT_EQ(granted->outcome, leases::lead);
    EXPECT_EQ(granted->attempts, head.attempts);
    EXPECT_EQ(second.head().produced_by, b);
  }
}

// ---- failures

TEST_F(script_trust, NoPauseIsLongerThanItsReaderAllowsAndNoneBeginsInTheFuture) {
  const auto answer_to = [&](milliseconds since, milliseconds pause_max) {
    const server_time now = first.now();
    first.store({.kind = kind::failed,
                 .attempts = 4,
                 .stored_at = now - since,
                 .until = now + 1h,
                 .produced_by = a},
                "");
    auto asking = second.lease_of(b);
    asking.failure_pause_max = pause_max;
    return second.lease(asking);
  };
  const auto cut = answer_to(1min, 2min);
  ASSERT_EQ(cut->outcome, leases::failed);
  EXPECT_LE(cut->left, 84s);
  EXPECT_GT(cut->left, 30s);
  const auto over = answer_to(1min, 50s);
  ASSERT_EQ(over->outcome, leases::lead);
  EXPECT_EQ(over->attempts, 4U);
  EXPECT_EQ(answer_to(0s, 0s)->outcome, leases::lead);
  EXPECT_EQ(answer_to(-1min, 2min)->outcome, leases::lead);
}

TEST_F(script_trust, AFailureThatAReaderRefusesIsTriedAgainByIt) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  auto failure = first.failure_of(a);
  failure.attempts = 5;
  ASSERT_TRUE(first.fail(failure)->applied);
  auto with_its_own_loader = second.lease_of(b);
  with_its_own_loader.failure_pause_max = 1min;
  ASSERT_EQ(second.lease(with_its_own_loader)->outcome, leases::failed);
  with_its_own_loader.refused = a;
  const auto granted = second.lease(with_its_own_loader);
  ASSERT_EQ(granted->outcome, leases::lead);
  EXPECT_EQ(granted->attempts, 5U);
}

// ---- the marker

TEST_F(script_trust, AMarkerTellsEveryoneToLoadUntilItsEnd) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  EXPECT_FALSE(first.mark_uncacheable(b, 1min)->applied) << "only the holder";
  ASSERT_TRUE(first.mark_uncacheable(a, 1min)->applied);
  const envelope marker = second.head();
  EXPECT_EQ(marker, (envelope{.kind = kind::uncacheable,
                              .stored_at = marker.stored_at,
                              .until = marker.stored_at + 1min,
                              .produced_by = a,
                              .digest = lease_client::digest}));
  EXPECT_TRUE(entry::is_genuine(entry::decode(*second.stored()), lease_client::digest));
  EXPECT_EQ(second.stored()->size(), entry::envelope_size);
  EXPECT_LE(second.key_ttl(), 1min);
  EXPECT_GT(second.key_ttl(), 30s);

  const auto answer = second.lease(b);
  ASSERT_EQ(answer->outcome, leases::uncacheable);
  EXPECT_GT(answer->left, 30s);
  EXPECT_LE(answer->left, 1min);
  EXPECT_EQ(first.head(), marker) << "asking changed nothing";
  auto refusing = second.lease_of(b);
  refusing.refused = a;
  EXPECT_EQ(second.lease(refusing)->outcome, leases::lead) << "a damaged one is replaced";
}

TEST_F(script_trust, AMarkerThatHasEndedIsLeased) {
  first.store({.kind = kind::uncacheable, .until = first.now(), .produced_by = a}, "");
  EXPECT_EQ(second.lease(b)->outcome, leases::lead);
  EXPECT_EQ(second.head().produced_by, b);
}

TEST_F(script_trust, AMarkerIsNeitherFilledNorRenewedNorPromotedNorReleased) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  ASSERT_TRUE(first.mark_uncacheable(a, 1min)->applied);
  const auto marker = first.stored();
  EXPECT_EQ(first.fill(first.fill_of(a, "late"))->outcome, fills::refused);
  EXPECT_EQ(first.fill(first.refresh_of(b, a, "late"))->outcome, fills::refused);
  EXPECT_FALSE(first.renew(a, 1min)->applied);
  EXPECT_FALSE(first.promote(a, b)->applied);
  EXPECT_FALSE(first.fail(first.failure_of(a))->applied);
  EXPECT_FALSE(first.release(a)->applied);
  EXPECT_FALSE(first.mark_uncacheable(a, 1h)->applied);
  EXPECT_EQ(first.stored(), marker);
  ASSERT_TRUE(second.invalidate());
  EXPECT_EQ(second.lease(b)->outcome, leases::lead);
}

}  // namespace
}  // namespace drover::test::scripts_trust_test
