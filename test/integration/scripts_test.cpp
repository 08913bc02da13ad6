// SPDX-License-Identifier: MIT
// The scripts of leases on a real server: the reply, the effect, and the data that they must not
// change.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/stored_entries.hpp"

namespace drover::test::scripts_test {
namespace {

using namespace std::string_view_literals;

// ---- lease

TEST_F(scripts, AMissingEntryIsLeasedToTheFirstAndTheSecondWaits) {
  const server_time before = first.now();
  const auto grant = first.lease(a);
  ASSERT_EQ(grant->outcome, leases::lead);
  EXPECT_EQ(grant->attempts, 0U);
  EXPECT_EQ(grant->entry_bytes, "");

  const auto denial = second.lease(b);
  ASSERT_EQ(denial->outcome, leases::wait);
  EXPECT_LE(denial->left, 1min);
  EXPECT_GT(denial->left, 30s);
  EXPECT_EQ(denial->entry_bytes, second.stored());

  const envelope stub = second.head();
  EXPECT_EQ(stub.kind, kind::pending);
  EXPECT_EQ(stub.flags, 0);
  EXPECT_EQ(stub.produced_by, a);
  EXPECT_EQ(stub.holder_client_id, 7U);
  EXPECT_EQ(stub.digest, lease_client::digest);
  EXPECT_EQ(stub.stored_at, grant->now);
  EXPECT_EQ(stub.until, grant->now + 1min);
  EXPECT_GE(stub.stored_at, before);
  EXPECT_LE(stub.stored_at, second.now());
  EXPECT_EQ(second.stored()->size(), entry::envelope_size);
  EXPECT_GT(second.key_ttl(), 59min);
}

TEST_F(scripts, ARetryThatNamesItsLostAttemptTakesTheLeaseUnderTheNewToken) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  auto retry = first.lease_of(b);
  retry.previous = a;
  retry.client_id = 0xFFFF'FFFF'0000'0D0AU;
  const auto again = first.lease(retry);
  ASSERT_EQ(again->outcome, leases::lead);
  EXPECT_EQ(first.head().produced_by, b);
  EXPECT_EQ(first.head().holder_client_id, 0xFFFF'FFFF'0000'0D0AU);
  EXPECT_EQ(first.fill(first.fill_of(a, "late"))->outcome, fills::refused);
  EXPECT_EQ(first.fill(first.fill_of(b, "good"))->outcome, fills::stored);
}

TEST_F(scripts, TheSameAttemptSentTwiceLeadsTwice) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  EXPECT_EQ(first.lease(a)->outcome, leases::lead);
}

TEST_F(scripts, TakingOverTheObservedTokenEndsTheOldHolder) {
  envelope stub{.kind = kind::pending,
                .flags = envelope::flag_untracked_waiter,
                .attempts = 3,
                .stored_at = server_time{1s},
                .until = first.now() + 1h,
                .produced_by = a,
                .holder_client_id = 9,
                .digest = lease_client::digest};
  first.store(stub, "");
  auto take_over = second.lease_of(b);
  take_over.previous = a;
  const auto taken_over = second.lease(take_over);
  ASSERT_EQ(taken_over->outcome, leases::lead);
  EXPECT_EQ(taken_over->attempts, 3U);

  stub.stored_at = taken_over->now;
  stub.until = taken_over->now + 1min;
  stub.produced_by = b;
  stub.holder_client_id = 7;
  EXPECT_EQ(second.head(), stub);
  EXPECT_FALSE(first.renew(a, 1min)->applied);
  EXPECT_FALSE(first.release(a)->applied);
  EXPECT_FALSE(first.fail(first.failure_of(a))->applied);
  EXPECT_EQ(first.fill(first.fill_of(a, "late"))->outcome, fills::refused);
  EXPECT_EQ(second.head(), stub);
}

TEST_F(scripts, ATakeOverThatNamesAnotherTokenWaits) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  auto take_over = second.lease_of(b);
  take_over.previous = c;
  EXPECT_EQ(second.lease(take_over)->outcome, leases::wait);
  EXPECT_EQ(second.head().produced_by, a);
}

TEST_F(scripts, ALeaseEndsAtItsVeryMillisecond) {
  auto request = first.lease_of(a);
  request.lease_ttl = 0ms;
  ASSERT_EQ(first.lease(request)->outcome, leases::lead);
  EXPECT_EQ(second.lease(b)->outcome, leases::lead);
  EXPECT_EQ(second.head().produced_by, b);
}

TEST_F(scripts, AnEndedLeaseThatNobodyTookMayStillFill) {
  auto request = first.lease_of(a);
  request.lease_ttl = 0ms;
  ASSERT_EQ(first.lease(request)->outcome, leases::lead);
  EXPECT_EQ(first.fill(first.fill_of(a, "late but alone"))->outcome, fills::stored);
}

TEST_F(scripts, ANewLeaseOverAnEndedOneKeepsAttemptsAndTheUntrackedWaiter) {
  first.store({.kind = kind::pending,
               .flags = envelope::flag_untracked_waiter,
               .attempts = 4,
               .until = first.now(),
               .produced_by = a},
              "");
  const auto granted = second.lease(b);
  ASSERT_EQ(granted->outcome, leases::lead);
  EXPECT_EQ(granted->attempts, 4U);
  EXPECT_EQ(second.head().attempts, 4U);
  EXPECT_EQ(second.head().flags, envelope::flag_untracked_waiter);
}

TEST_F(scripts, AFreshValueIsAHitForALease) {
  store_value();
  const auto hit = second.lease(b);
  ASSERT_EQ(hit->outcome, leases::hit);
  EXPECT_EQ(hit->entry_bytes, second.stored());
}

TEST_F(scripts, AValueWithinGraceIsAHitForALease) {
  store_value(0ms, 1min);
  EXPECT_EQ(second.lease(b)->outcome, leases::hit);
}

TEST_F(scripts, AValueAfterItsGraceIsLeased) {
  store_value(0ms, 0ms);
  EXPECT_EQ(second.lease(b)->outcome, leases::lead);
  EXPECT_EQ(second.head().kind, kind::pending);
}

TEST_F(scripts, AnAbsentEntryHasNoGraceWhateverItSays) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  auto request = first.fill_of(a, "");
  request.absent = true;
  request.times = {.fresh = 1min, .grace = 1h, .key_ttl = 1h};
  ASSERT_EQ(first.fill(request)->outcome, fills::stored);
  EXPECT_EQ(first.head().kind, kind::absent);
  EXPECT_EQ(first.head().grace, 0ms);
  EXPECT_EQ(second.lease(b)->outcome, leases::hit);

  std::string claiming =
      entry::encode({.kind = kind::absent, .until = first.now(), .produced_by = a}, "");
  claiming.replace(40, 8, "\0\0\0\0\xFF\xFF\xFF\xFF"sv);
  first.store(claiming);
  EXPECT_EQ(second.lease(b)->outcome, leases::lead);
}

TEST_F(scripts, ARefusedEntryCountsAsMissingForThatReaderOnly) {
  store_value();
  EXPECT_EQ(second.lease(b)->outcome, leases::hit);
  auto undecodable = second.lease_of(b);
  undecodable.refused = a;
  EXPECT_EQ(second.lease(undecodable)->outcome, leases::lead);
  EXPECT_EQ(second.head().produced_by, b);

  undecodable.attempt = c;
  undecodable.refused = b;
  EXPECT_EQ(second.lease(undecodable)->outcome, leases::wait) << "a lease is nothing to decode";
}

TEST_F(scripts, AnEntryWithoutATokenIsForeign) {
  for (const kind stored :
       {kind::value, kind::pending, kind::absent, kind::failed, kind::uncacheable}) {
    first.store({.kind = stored, .until = first.now() + 1min, .grace = 1min}, "");
    EXPECT_FALSE(first.expire(b)->applied);
    EXPECT_EQ(second.lease(b)->outcome, leases::lead);
    EXPECT_EQ(second.head().produced_by, b);
  }
}

TEST_F(scripts, ForeignStringsAreOverwrittenUnderALease) {
  const std::string magic_only(1, '\xFE');
  const std::string whole = entry::encode({.produced_by = a}, "");
  const std::string short_by_one = whole.substr(0, 63);
  const std::string no_magic = "\xEF" + whole.substr(1);
  for (const std::string& foreign : {std::string{}, std::string{"hello"}, magic_only, short_by_one,
                                     no_magic, std::string(1000, '\0')}) {
    first.store(foreign);
    EXPECT_EQ(first.lease(a)->outcome, leases::lead) << foreign;
    EXPECT_EQ(first.head().produced_by, a);
    EXPECT_GT(first.key_ttl(), 59min);
    EXPECT_EQ(first.fill(first.fill_of(a, "x"))->outcome, fills::stored);
  }
}

TEST_F(scripts, ForeignStringsAreTouchedByNothingElse) {
  first.store("hello");
  EXPECT_FALSE(first.renew(a, 1min)->applied);
  EXPECT_FALSE(first.promote(a, b)->applied);
  EXPECT_FALSE(first.fail(first.failure_of(a))->applied);
  EXPECT_FALSE(first.release(a)->applied);
  EXPECT_FALSE(first.mark_uncacheable(a, 1min)->applied);
  EXPECT_FALSE(first.expire(b)->applied);
  EXPECT_EQ(first.fill(first.fill_of(a, "x"))->outcome, fills::refused);
  EXPECT_EQ(first.stored(), "hello");
}

TEST_F(scripts, ANewerFormatIsNeverOverwritten) {
  const envelope head{.kind = kind::value, .until = first.now() + 1min, .produced_by = a};
  for (const char version : {'\x20', '\x00', '\x15', '\x1F', '\xF0'}) {
    std::string newer = entry::encode(head, "from the future");
    newer[1] = version;
    first.store(newer);
    const auto answer = first.lease(a);
    ASSERT_EQ(answer->outcome, leases::newer);
    EXPECT_GE(answer->now, head.until - 1min);
    auto refusing = first.lease_of(b);
    refusing.refused = a;
    refusing.previous = a;
    refusing.notify = true;
    EXPECT_EQ(first.lease(refusing)->outcome, leases::newer);
    EXPECT_FALSE(first.renew(a, 1min)->applied);
    EXPECT_FALSE(first.promote(a, b)->applied);
    EXPECT_FALSE(first.fail(first.failure_of(a))->applied);
    EXPECT_FALSE(first.release(a)->applied);
    EXPECT_FALSE(first.mark_uncacheable(a, 1min)->applied);
    EXPECT_EQ(first.fill(first.fill_of(a, "x"))->outcome, fills::refused);
    EXPECT_EQ(first.fill(first.refresh_of(a, b, "x"))->outcome, fills::refused);
    EXPECT_EQ(first.stored(), newer);
    EXPECT_TRUE(first.expire(b)->applied) << "asked for by hand: it may not be served on";
    EXPECT_EQ(first.stored(), std::nullopt);
  }
}

TEST_F(scripts, AKeyOfAnotherTypeIsAFaultAndStaysAsItIs) {
  first.wire().command({"HSET", lease_client::key, "field", "theirs"});
  first.wire().command({"RPUSH", lease_client::refresh_mark_key, "theirs"});
  const auto expect_corrupt = [](const auto& answer) {
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, fault_code::corrupt);
    EXPECT_EQ(answer.error().text.substr(0, 9), "WRONGTYPE");
  };
  expect_corrupt(first.lease(a));
  expect_corrupt(first.renew(a, 1min));
  expect_corrupt(first.promote(a, b));
  expect_corrupt(first.fill(first.fill_of(a, "x")));
  expect_corrupt(first.fail(first.failure_of(a)));
  expect_corrupt(first.release(a));
  expect_corrupt(first.mark_uncacheable(a, 1min));
  expect_corrupt(first.expire(b));
  expect_corrupt(first.take_refresh_mark(a, 1min));
  expect_corrupt(first.extend_refresh_mark(a, 1min));
  expect_corrupt(first.release_refresh_mark(a));
  EXPECT_EQ(first.wire().command({"HGET", lease_client::key, "field"}).text, "theirs");
  EXPECT_EQ(first.wire().command({"LLEN", lease_client::refresh_mark_key}).root().integer(), 1);
  EXPECT_EQ(first.key_ttl(), -1ms);
}

// ---- renew, release, promote

TEST_F(scripts, ARenewalMovesTheEndAndTheClientIdAndNothingElse) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  envelope stub = first.head();
  ASSERT_TRUE(first.renew(a, 5min, 99)->applied);
  const envelope renewed = first.head();
  EXPECT_GE(renewed.until, stub.until + 4min);
  stub.until = renewed.until;
  stub.holder_client_id = 99;
  EXPECT_EQ(renewed, stub);
  EXPECT_GT(first.key_ttl(), 59min);
}

TEST_F(scripts, ARenewalOfAnythingButOnesOwnLeaseChangesNothing) {
  EXPECT_FALSE(first.renew(a, 1min)->applied);
  EXPECT_EQ(first.stored(), std::nullopt);
  ASSERT_EQ(second.lease(b)->outcome, leases::lead);
  const auto lease_of_another = first.stored();
  EXPECT_FALSE(first.renew(a, 1min)->applied);
  EXPECT_EQ(first.stored(), lease_of_another);
  ASSERT_TRUE(second.release(b)->applied);
  store_value();
  const auto value = first.stored();
  EXPECT_FALSE(first.renew(a, 1min)->applied);
  EXPECT_EQ(first.stored(), value);
}

TEST_F(scripts, AReleaseLetsTheNextOneLead) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  EXPECT_FALSE(first.release(b)->applied);
  EXPECT_TRUE(first.release(a)->applied);
  EXPECT_EQ(first.stored(), std::nullopt);
  EXPECT_FALSE(first.release(a)->applied);
  EXPECT_EQ(second.lease(b)->outcome, leases::lead);
}

TEST_F(scripts, AReleaseLeavesAValueAlone) {
  store_value();
  EXPECT_FALSE(first.release(a)->applied);
  EXPECT_EQ(first.head().kind, kind::value);
}

TEST_F(scripts, APromotedRefreshHoldsTheLeaseAndFillsUnderItsToken) {
  store_value();
  const server_time before = first.now();
  ASSERT_TRUE(first.promote(a, b)->applied);
  const envelope stub = first.head();
  EXPECT_EQ(stub.kind, kind::pending);
  EXPECT_EQ(stub.flags, 0);
  EXPECT_EQ(stub.attempts, 0U);
  EXPECT_GE(stub.stored_at, before);
  EXPECT_EQ(stub.until, stub.stored_at + 1min);
  EXPECT_EQ(stub.produced_by, b);
  EXPECT_EQ(stub.holder_client_id, 7U);
  EXPECT_EQ(stub.digest, lease_client::digest);
  EXPECT_EQ(first.stored()->size(), entry::envelope_size);
  EXPECT_EQ(second.lease(c)->outcome, leases::wait);
  EXPECT_EQ(first.fill(first.refresh_of(a, c, "x"))->outcome, fills::refused);
  EXPECT_EQ(first.fill(first.fill_of(b, "x"))->outcome, fills::stored);
}

TEST_F(scripts, OnlyTheValueItStartedFromCanBePromoted) {
  EXPECT_FALSE(first.promote(a, b)->applied) << "missing: perhaps invalidated";
  EXPECT_EQ(first.stored(), std::nullopt);
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  EXPECT_FALSE(first.promote(a, b)->applied) << "another lease";
  EXPECT_EQ(first.head().produced_by, a);
  ASSERT_EQ(first.fill(first.fill_of(a, "x"))->outcome, fills::stored);
  EXPECT_FALSE(first.promote(c, b)->applied) << "another value";
  ASSERT_TRUE(first.expire(c)->applied);
  EXPECT_FALSE(first.promote(a, b)->applied) << "expired by hand since";
  EXPECT_EQ(first.head().kind, kind::value);
}

}  // namespace
}  // namespace drover::test::scripts_test
