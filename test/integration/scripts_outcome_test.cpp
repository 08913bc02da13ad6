// SPDX-License-Identifier: MIT
// The scripts that end a load on a real server: a fill and a failure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/stored_entries.hpp"

namespace drover::test::scripts_outcome_test {
namespace {

using namespace std::string_view_literals;

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

}  // namespace
}  // namespace drover::test::scripts_outcome_test
