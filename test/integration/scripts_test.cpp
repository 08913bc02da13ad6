// SPDX-License-Identifier: MIT
// Every script on a real server: its reply, its effect, and the data that it must not change. No
// test waits: a lease, a pause or a value of 0 ms has ended when it is written.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/two_clients.hpp"

namespace drover::test::scripts_test {
namespace {

using namespace std::string_view_literals;

class scripts : public two_clients {
 protected:
  /// Stores a VALUE with token `a`.
  void store_value(milliseconds fresh = 1min, milliseconds grace = 2min) {
    ASSERT_EQ(first.lease(a)->outcome, leases::lead);
    auto request = first.fill_of(a, "payload");
    request.times = {.fresh = fresh, .grace = grace, .key_ttl = 1h};
    ASSERT_EQ(first.fill(request)->outcome, fills::stored);
  }
  void store_failure(milliseconds pause, std::uint32_t attempts = 1) {
    ASSERT_EQ(first.lease(a)->outcome, leases::lead);
    auto request = first.failure_of(a);
    request.pause = pause;
    request.attempts = attempts;
    ASSERT_TRUE(first.fail(request)->applied);
  }
};

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

// ---- fill

TEST_F(scripts, AFillStoresExactlyTheEntryItDescribes) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  const auto filled = first.fill(first.fill_of(a, "payload"));
  ASSERT_EQ(filled->outcome, fills::stored);
  const envelope expected{.kind = kind::value,
                          .load_us = 1500,
                          .stored_at = filled->now,
                          .until = filled->now + 1min,
                          .produced_by = a,
                          .grace = 2min,
                          .digest = lease_client::digest,
                          .checksum = entry::checksum_of("payload", lease_client::digest)};
  EXPECT_EQ(first.stored(), entry::encode(expected, "payload"));
  EXPECT_TRUE(entry::is_genuine(entry::decode(*first.stored()), lease_client::digest));
  EXPECT_LE(first.key_ttl(), 3min);
  EXPECT_GT(first.key_ttl(), 2min);
}

TEST_F(scripts, ARepeatedFillIsADuplicateAndProlongsNothing) {
  store_value();
  const auto stored = first.stored();
  auto again = first.fill_of(a, "another payload");
  again.times = {.fresh = 10h, .grace = 10h, .key_ttl = 20h};
  EXPECT_EQ(first.fill(again)->outcome, fills::duplicate);
  EXPECT_EQ(first.stored(), stored);
  EXPECT_LE(first.key_ttl(), 1h);
}

TEST_F(scripts, AFillNeverCreatesAKey) {
  EXPECT_EQ(first.fill(first.fill_of(a, "x"))->outcome, fills::refused);
  EXPECT_EQ(first.stored(), std::nullopt);
}

TEST_F(scripts, AFillAfterAnInvalidationIsRefused) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  ASSERT_TRUE(second.invalidate());
  EXPECT_EQ(first.fill(first.fill_of(a, "old"))->outcome, fills::refused);
  ASSERT_EQ(second.lease(b)->outcome, leases::lead);
  EXPECT_EQ(first.fill(first.fill_of(a, "old"))->outcome, fills::refused)
      << "created anew by another";
  EXPECT_EQ(second.fill(second.fill_of(b, "new"))->outcome, fills::stored);
  EXPECT_EQ(first.fill(first.fill_of(a, "old"))->outcome, fills::refused) << "filled by another";
}

TEST_F(scripts, AFailureDoesNotCertifyALateFillOfItsToken) {
  store_failure(1min);
  EXPECT_EQ(first.fill(first.fill_of(a, "late"))->outcome, fills::refused);
  EXPECT_EQ(first.head().kind, kind::failed);
}

TEST_F(scripts, OfTwoRefreshesOfOneValueTheFirstFillWins) {
  store_value();
  EXPECT_EQ(first.fill(first.refresh_of(a, b, "first"))->outcome, fills::stored);
  EXPECT_EQ(second.fill(second.refresh_of(a, c, "second"))->outcome, fills::refused);
  EXPECT_EQ(first.fill(first.refresh_of(a, b, "first"))->outcome, fills::duplicate);
  EXPECT_EQ(first.head().produced_by, b);
}

TEST_F(scripts, ARefreshThatFindsNothingReplacesTheValue) {
  store_value();
  auto request = first.refresh_of(a, b, "");
  request.absent = true;
  EXPECT_EQ(first.fill(request)->outcome, fills::stored);
  EXPECT_EQ(first.head().kind, kind::absent);
  EXPECT_EQ(first.fill(first.refresh_of(b, c, "back again"))->outcome, fills::stored);
}

TEST_F(scripts, TokensDigestsAndPayloadsKeepEveryByte) {
  entry::token odd = entry::token::from(std::string_view{"\0\xFF\r\n\0\0*3\r\n$-1\r\n", 16});
  for (const char byte : {'\0', '\xFF', '\r', '\n', '\xFE'}) {
    odd.bytes[15] = byte;
    const std::string payload = std::string{"\0\r\n$5\r\n\xFF\xFE", 9} + std::string(3, byte);
    auto request = first.lease_of(odd);
    request.digest = 0xFF00'0D0A'0000'00FFU;
    request.client_id = ~std::uint64_t{0};
    ASSERT_TRUE(first.invalidate());
    ASSERT_EQ(first.lease(request)->outcome, leases::lead);
    EXPECT_EQ(first.head().digest, request.digest);
    EXPECT_EQ(first.head().holder_client_id, request.client_id);
    EXPECT_EQ(first.lease(token_of('x'))->outcome, leases::wait);
    ASSERT_EQ(first.fill(first.fill_of(odd, payload))->outcome, fills::stored);
    const std::string stored = first.stored().value();
    EXPECT_EQ(entry::decode(stored).payload, payload);
    EXPECT_EQ(entry::decode(stored).head.produced_by, odd);
    EXPECT_TRUE(entry::is_genuine(entry::decode(stored), lease_client::digest));
  }
}

TEST_F(scripts, TimesAtTheirLimitsAreStoredAndNeverRefused) {
  for (const milliseconds extreme : {milliseconds::min(), -1ms, 0ms, milliseconds::max()}) {
    ASSERT_TRUE(first.invalidate());
    auto request = first.lease_of(a);
    request.lease_ttl = request.pending_ttl = extreme;
    ASSERT_TRUE(first.lease(request).has_value());
    if (extreme < 1ms) first.store({.kind = kind::pending, .produced_by = a}, "");
    auto fill = first.fill_of(a, "x");
    fill.load_time = microseconds::max();
    fill.times = {.fresh = extreme, .grace = extreme, .key_ttl = extreme};
    ASSERT_EQ(first.fill(fill)->outcome, fills::stored);
    if (extreme > 1ms) {
      EXPECT_EQ(first.head().load_us, 0xFFFF'FFFFU);
    }
  }
}

// ---- failure

TEST_F(scripts, AFailureIsToldToEveryoneUntilItsPauseEnds) {
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  auto failure = first.failure_of(a);
  failure.failure = entry::failure_class::timed_out;
  failure.attempts = 5;
  failure.text = "no answer";
  ASSERT_TRUE(first.fail(failure)->applied);

  auto asking = second.lease_of(b);
  asking.failure_pause_max = 1h;
  const auto answer = second.lease(asking);
  ASSERT_EQ(answer->outcome, leases::failed);
  EXPECT_GT(answer->left, 30s);
  EXPECT_LE(answer->left, 1min);
  const entry::decoded read = entry::decode(answer->entry_bytes);
  EXPECT_EQ(read.payload, "no answer");
  EXPECT_TRUE(entry::is_genuine(read, lease_client::digest));
  const envelope expected{.kind = kind::failed,
                          .failure = entry::failure_class::timed_out,
                          .attempts = 5,
                          .stored_at = read.head.stored_at,
                          .until = read.head.stored_at + 1min,
                          .produced_by = a,
                          .digest = lease_client::digest,
                          .checksum = entry::checksum_of("no answer", lease_client::digest)};
  EXPECT_EQ(read.head, expected);
  EXPECT_LE(first.key_ttl(), 3min);
  EXPECT_EQ(first.head(), expected) << "asking changed nothing";
}

TEST_F(scripts, TheLeaseAfterAPauseCarriesTheAttempts) {
  store_failure(0ms, 5);
  const auto granted = second.lease(b);
  ASSERT_EQ(granted->outcome, leases::lead);
  EXPECT_EQ(granted->attempts, 5U);
  EXPECT_EQ(second.head().attempts, 5U);
  ASSERT_EQ(second.fill(second.fill_of(b, "x"))->outcome, fills::stored);
  EXPECT_EQ(second.head().load_us, 1500U) << "a value counts no attempts";
}

TEST_F(scripts, AttemptsReachTheirLimitAndStay) {
  store_failure(0ms, 0xFFFF'FFFF);
  EXPECT_EQ(second.lease(b)->attempts, 0xFFFF'FFFFU);
}

TEST_F(scripts, OnlyTheHolderCanFail) {
  EXPECT_FALSE(first.fail(first.failure_of(a))->applied);
  EXPECT_EQ(first.stored(), std::nullopt);
  store_value();
  EXPECT_FALSE(first.fail(first.failure_of(a))->applied);
  EXPECT_EQ(first.head().kind, kind::value);
}

// ---- expire

TEST_F(scripts, ExpireMakesAValueStaleAndRefusesRefreshesInFlight) {
  store_value();
  envelope head = first.head();
  const server_time before = first.now();
  ASSERT_TRUE(second.expire(b)->applied);
  const envelope expired = first.head();
  EXPECT_GE(expired.until, before);
  EXPECT_LE(expired.until, first.now());
  head.until = expired.until;
  head.flags = envelope::flag_expired_by_hand;
  head.produced_by = b;
  EXPECT_EQ(expired, head);
  EXPECT_EQ(entry::decode(*first.stored()).payload, "payload");
  EXPECT_GT(first.key_ttl(), 59min);
  EXPECT_EQ(first.lease(c)->outcome, leases::hit) << "within grace";
  EXPECT_EQ(first.fill(first.refresh_of(a, c, "begun before"))->outcome, fills::refused);
  EXPECT_EQ(first.fill(first.refresh_of(b, c, "begun after"))->outcome, fills::stored);
  EXPECT_EQ(first.head().flags, 0);
}

TEST_F(scripts, ExpiringTwiceKeepsTheFlagsAndTheEarlierEnd) {
  envelope head{.kind = kind::value,
                .flags = 0xFD,
                .until = server_time{5s},
                .produced_by = a,
                .grace = 10min};
  first.store(head, "x");
  ASSERT_TRUE(first.expire(b)->applied);
  ASSERT_TRUE(first.expire(c)->applied);
  EXPECT_EQ(first.head().flags, 0xFF);
  EXPECT_EQ(first.head().until, server_time{5s});
  EXPECT_EQ(first.head().produced_by, c);
}

TEST_F(scripts, ExpireWithoutGraceDeletes) {
  store_value(1min, 0ms);
  EXPECT_TRUE(first.expire(b)->applied);
  EXPECT_EQ(first.stored(), std::nullopt);
}

TEST_F(scripts, ExpireEndsLeasesFailuresAndAbsence) {
  EXPECT_FALSE(first.expire(c)->applied) << "missing";
  for (const kind stored : {kind::pending, kind::absent, kind::failed, kind::uncacheable}) {
    first.store({.kind = stored, .until = first.now() + 1min, .produced_by = a, .grace = 1min}, "");
    EXPECT_TRUE(second.expire(c)->applied);
    EXPECT_EQ(first.stored(), std::nullopt);
    EXPECT_EQ(first.fill(first.fill_of(a, "old"))->outcome, fills::refused);
  }
}

// ---- refresh mark

TEST_F(scripts, OneRefresherWinsTheMarkAndSeesTheEntry) {
  store_value();
  const auto won = first.take_refresh_mark(b, 1min);
  ASSERT_TRUE(won->won);
  EXPECT_EQ(won->head_bytes, first.stored()->substr(0, entry::envelope_size));
  const auto lost = second.take_refresh_mark(c, 1min);
  EXPECT_FALSE(lost->won);
  EXPECT_EQ(lost->head_bytes, won->head_bytes);
}

TEST_F(scripts, AMarkOverAMissingEntrySaysSo) {
  const auto won = first.take_refresh_mark(b, 1min);
  EXPECT_TRUE(won->won);
  EXPECT_EQ(won->head_bytes, "");
}

TEST_F(scripts, OnlyItsWinnerExtendsAndReleasesAMark) {
  EXPECT_FALSE(first.extend_refresh_mark(b, 1min)->applied);
  EXPECT_FALSE(first.release_refresh_mark(b)->applied);
  ASSERT_TRUE(first.take_refresh_mark(b, 1min)->won);
  EXPECT_FALSE(second.extend_refresh_mark(c, 10min)->applied);
  EXPECT_FALSE(second.release_refresh_mark(c)->applied);
  const auto ttl = [&] {
    return first.wire().command({"PTTL", lease_client::refresh_mark_key}).root().integer();
  };
  EXPECT_LE(ttl(), 60'000);
  EXPECT_TRUE(first.extend_refresh_mark(b, 10min)->applied);
  EXPECT_GT(ttl(), 60'000);
  EXPECT_TRUE(first.release_refresh_mark(b)->applied);
  EXPECT_TRUE(second.take_refresh_mark(c, 1min)->won);
}

// ---- the server's own limits

TEST_F(scripts, WithoutMemoryNothingIsWrittenAndWhatOnlyFreesStillWorks) {
  store_value();
  const auto value = first.stored();
  first.wire().command({"CONFIG", "SET", "maxmemory", "1"});
  const auto expect_overloaded = [](const auto& answer) {
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, fault_code::overloaded) << answer.error().text;
  };
  EXPECT_EQ(first.lease(b)->outcome, leases::hit) << "a hit writes nothing";
  auto undecodable = first.lease_of(b);
  undecodable.refused = a;
  expect_overloaded(first.lease(undecodable));
  expect_overloaded(first.fill(first.refresh_of(a, b, "x")));
  expect_overloaded(first.promote(a, b));
  EXPECT_EQ(first.stored(), value);
  EXPECT_TRUE(first.expire(b)->applied);
  EXPECT_EQ(first.stored(), std::nullopt) << "what cannot be marked stale may not be served on";

  first.wire().command({"CONFIG", "SET", "maxmemory", "0"});
  ASSERT_EQ(first.lease(a)->outcome, leases::lead);
  first.wire().command({"CONFIG", "SET", "maxmemory", "1"});
  expect_overloaded(first.renew(a, 1min));
  expect_overloaded(first.fail(first.failure_of(a)));
  EXPECT_TRUE(first.release(a)->applied);
}

TEST_F(scripts, AfterTheScriptsAreForgottenEveryRequestSaysNoscript) {
  first.wire().command({"SCRIPT", "FLUSH"});
  std::string request;
  lease::write_lease(request, first.lease_of(a), true);
  first.wire().send(request);
  EXPECT_TRUE(lease::read_acknowledged(first.wire().read_reply()));
  EXPECT_TRUE(lease::is_noscript(first.wire().read_reply()));

  request.clear();
  lease::write_load_scripts(request);
  first.wire().send(request);
  for (const lease::script& script : lease::scripts()) {
    EXPECT_EQ(first.wire().read_reply().text, script.sha1) << script.name;
  }
  EXPECT_EQ(first.lease(a)->outcome, leases::lead);
}

TEST_F(scripts, AReplicaRefusesToLease) {
  first.wire().command({"REPLICAOF", "127.0.0.1", "1"});
  const auto answer = first.lease(a);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, fault_code::unreachable) << answer.error().text;
}

TEST_F(scripts, HoldersAreTheClientsThatAreStillConnected) {
  const std::uint64_t other = second.wire().client_id();
  const std::uint64_t self = first.wire().client_id();
  const std::vector<std::uint64_t> clients{other, 123'456'789, self};
  std::string request;
  lease::write_holders(request, clients);
  first.wire().send(request);
  EXPECT_EQ(lease::read_holders(first.wire().read_reply()).value(),
            (std::vector<std::uint64_t>{self, other}));

  request.clear();
  lease::write_holders(request, std::vector<std::uint64_t>{123'456'789});
  first.wire().send(request);
  EXPECT_TRUE(lease::read_holders(first.wire().read_reply()).value().empty());
}

}  // namespace
}  // namespace drover::test::scripts_test
