// SPDX-License-Identifier: MIT
#include "entry/envelope.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>
#include <tuple>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/random.hpp"
#include "entry/hex_for_test.hpp"

namespace drover::entry::envelope_test {
namespace {

server_time at_ms(std::int64_t count) { return server_time{milliseconds{count}}; }

token some_token() { return token::from(bytes_of_hex("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf")); }

struct golden {
  envelope head;
  std::string payload;
  std::string hex;
};

golden golden_value() {
  envelope head;
  head.kind = kind::value;
  head.flags = envelope::flag_expired_by_hand;
  head.load_us = 0x01020304;
  head.stored_at = at_ms(0x0000018BCFE56800);
  head.until = at_ms(0x0000018BCFE65260);
  head.produced_by = some_token();
  head.grace = milliseconds{0x0102030405060708};
  head.digest = 0x1112131415161718U;
  head.checksum = 0x21222324U;
  return {head, "hi",
          "fe 10 02 00  01 02 03 04   00 00 01 8b cf e5 68 00   00 00 01 8b cf e6 52 60"
          "a0 a1 a2 a3  a4 a5 a6 a7   a8 a9 aa ab ac ad ae af   01 02 03 04 05 06 07 08"
          "11 12 13 14  15 16 17 18   21 22 23 24 00 00 00 00   68 69"};
}

golden golden_pending() {
  envelope head;
  head.kind = kind::pending;
  head.flags = envelope::flag_untracked_waiter;
  head.attempts = 7;
  head.stored_at = at_ms(0x0000018BCFE56800);
  head.until = at_ms(0x0000018BCFE56BE8);
  head.produced_by = some_token();
  head.holder_client_id = 0xF1F2F3F4F5F6F7F8U;
  head.digest = 0x1112131415161718U;
  return {head, "",
          "fe 11 01 00  00 00 00 07   00 00 01 8b cf e5 68 00   00 00 01 8b cf e5 6b e8"
          "a0 a1 a2 a3  a4 a5 a6 a7   a8 a9 aa ab ac ad ae af   f1 f2 f3 f4 f5 f6 f7 f8"
          "11 12 13 14  15 16 17 18   00 00 00 00 00 00 00 00"};
}

golden golden_absent() {
  envelope head;
  head.kind = kind::absent;
  head.load_us = std::numeric_limits<std::uint32_t>::max();
  head.stored_at = at_ms(1);
  head.until = at_ms(std::numeric_limits<std::int64_t>::max());
  head.produced_by = some_token();
  head.digest = 0xFFFFFFFFFFFFFFFFU;
  head.checksum = 0x80000001U;
  return {head, "",
          "fe 12 00 00  ff ff ff ff   00 00 00 00 00 00 00 01   7f ff ff ff ff ff ff ff"
          "a0 a1 a2 a3  a4 a5 a6 a7   a8 a9 aa ab ac ad ae af   00 00 00 00 00 00 00 00"
          "ff ff ff ff  ff ff ff ff   80 00 00 01 00 00 00 00"};
}

golden golden_failed() {
  envelope head;
  head.kind = kind::failed;
  head.failure = failure_class::timed_out;
  head.attempts = 3;
  head.stored_at = at_ms(0x0000018BCFE56800);
  head.until = at_ms(0x0000018BCFE56830);
  head.produced_by = some_token();
  head.digest = 0x1112131415161718U;
  head.checksum = 0x21222324U;
  return {head, "no",
          "fe 13 00 02  00 00 00 03   00 00 01 8b cf e5 68 00   00 00 01 8b cf e5 68 30"
          "a0 a1 a2 a3  a4 a5 a6 a7   a8 a9 aa ab ac ad ae af   00 00 00 00 00 00 00 00"
          "11 12 13 14  15 16 17 18   21 22 23 24 00 00 00 00   6e 6f"};
}

golden golden_uncacheable() {
  envelope head;
  head.kind = kind::uncacheable;
  head.stored_at = at_ms(0x0000018BCFE56800);
  head.until = at_ms(0x0000018BCFE56BE8);
  head.produced_by = some_token();
  head.digest = 0x1112131415161718U;
  return {head, "",
          "fe 14 00 00  00 00 00 00   00 00 01 8b cf e5 68 00   00 00 01 8b cf e5 6b e8"
          "a0 a1 a2 a3  a4 a5 a6 a7   a8 a9 aa ab ac ad ae af   00 00 00 00 00 00 00 00"
          "11 12 13 14  15 16 17 18   00 00 00 00 00 00 00 00"};
}

std::vector<golden> all_golden() {
  return {golden_value(), golden_pending(), golden_absent(), golden_failed(), golden_uncacheable()};
}

std::string random_bytes(base::seeded_random& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random.next() & 0xFFU);
  return bytes;
}

/// A random envelope that can be stored. Fields that its kind does not use keep their defaults.
envelope random_envelope(base::seeded_random& random) {
  envelope head;
  head.kind = static_cast<kind>(random.next() % 5);
  head.flags = static_cast<std::uint8_t>(random.next());
  head.stored_at = at_ms(static_cast<std::int64_t>(random.next() >> 1U));
  head.until = at_ms(static_cast<std::int64_t>(random.next() >> 1U));
  head.produced_by = token::from(random_bytes(random, token::size));
  head.digest = random.next();
  const auto number = static_cast<std::uint32_t>(random.next());
  if (head.kind == kind::value || head.kind == kind::absent) head.load_us = number;
  if (head.kind == kind::pending || head.kind == kind::failed) head.attempts = number;
  if (head.kind == kind::value) {
    head.grace = milliseconds{static_cast<std::int64_t>(random.next() >> 1U)};
  }
  if (head.kind == kind::failed) {
    head.failure = static_cast<failure_class>(1 + random.next() % 3);
  }
  if (head.kind == kind::pending) {
    head.holder_client_id = random.next();
  } else if (head.kind != kind::uncacheable) {
    head.checksum = static_cast<std::uint32_t>(random.next());
  }
  return head;
}

/// A genuine entry of kind `stored` for digest 42.
std::string genuine(kind stored, std::string_view payload) {
  envelope head;
  head.kind = stored;
  head.stored_at = at_ms(1'700'000'000'000);
  head.until = at_ms(1'700'000'060'000);
  head.produced_by = some_token();
  head.digest = 42;
  if (stored != kind::pending) head.checksum = checksum_of(payload, 42);
  return encode(head, payload);
}

TEST(envelope, EncodesEveryKindToItsGoldenBytes) {
  for (const golden& expected : all_golden()) {
    EXPECT_EQ(hex_of_bytes(encode(expected.head, expected.payload)),
              hex_of_bytes(bytes_of_hex(expected.hex)));
  }
}

TEST(envelope, DecodesEveryKindFromItsGoldenBytes) {
  for (const golden& expected : all_golden()) {
    const std::string bytes = bytes_of_hex(expected.hex);
    const decoded read = decode(bytes);
    ASSERT_EQ(read.format, decoding::ours);
    EXPECT_EQ(read.head, expected.head);
    EXPECT_EQ(read.payload, expected.payload);
  }
}

TEST(envelope, DecodesWhatItEncodes) {
  base::seeded_random random{1};
  for (int i = 0; i < 20'000; ++i) {
    const envelope head = random_envelope(random);
    const std::string payload = random_bytes(random, random.next() % 100);
    const std::string bytes = encode(head, payload);
    const decoded read = decode(bytes);
    ASSERT_EQ(read.format, decoding::ours);
    ASSERT_EQ(read.head, head);
    ASSERT_EQ(read.payload, payload);
    ASSERT_EQ(encode(read.head, read.payload), bytes);
  }
}

TEST(envelope, TakesTimesBeyondTheTypeAsItsLast) {
  std::string bytes = genuine(kind::value, "");
  for (const std::size_t offset : {8U, 16U, 40U}) bytes.replace(offset, 8, 8, '\xff');
  const decoded read = decode(bytes);
  EXPECT_EQ(read.head.stored_at, server_time::max());
  EXPECT_EQ(read.head.until, server_time::max());
  EXPECT_EQ(read.head.grace, milliseconds::max());
}

TEST(envelope, WritesNegativeTimesAsZero) {
  envelope head;
  head.stored_at = server_time::min();
  head.until = at_ms(-1);
  head.produced_by = some_token();
  head.grace = milliseconds{-5};
  const std::string bytes = encode(head, "");
  EXPECT_EQ(decode(bytes).head, envelope{.produced_by = some_token()});
}

TEST(envelope, CallsShortAndUnmarkedStringsForeign) {
  const std::string whole = genuine(kind::value, "");
  for (std::size_t size = 0; size < envelope_size; ++size) {
    EXPECT_EQ(decode(whole.substr(0, size)).format, decoding::foreign) << size;
  }
  EXPECT_EQ(decode(whole).format, decoding::ours);
  for (int first = 0; first < 256; ++first) {
    std::string other = whole;
    other[0] = static_cast<char>(static_cast<unsigned char>(first));
    EXPECT_EQ(decode(other).format, first == 0xFE ? decoding::ours : decoding::foreign) << first;
  }
}

TEST(envelope, CallsAnEntryWithoutATokenForeignUnlessItIsNewer) {
  for (const kind stored :
       {kind::value, kind::pending, kind::absent, kind::failed, kind::uncacheable}) {
    std::string bytes = genuine(stored, "");
    bytes.replace(24, token::size, token::size, '\0');
    EXPECT_EQ(decode(bytes).format, decoding::foreign);
    EXPECT_FALSE(is_genuine(decode(bytes), 42));
    bytes[39] = '\1';
    EXPECT_EQ(decode(bytes).format, decoding::ours);
    bytes[39] = '\0';
    bytes[1] = '\x15';
    EXPECT_EQ(decode(bytes).format, decoding::newer);
  }
}

TEST(envelope, CallsUnknownFormatsAndKindsNewer) {
  for (unsigned second = 0; second < 256; ++second) {
    std::string bytes = genuine(kind::value, "payload");
    bytes[1] = static_cast<char>(static_cast<unsigned char>(second));
    const bool known = second >= 0x10 && second <= 0x14;
    const decoded read = decode(bytes);
    EXPECT_EQ(read.format, known ? decoding::ours : decoding::newer) << second;
    if (!known) {
      EXPECT_FALSE(is_genuine(read, 42));
      EXPECT_TRUE(read.payload.empty());
    }
  }
}

TEST(envelope, TakesAnUnknownFailureClassForAThrow) {
  for (unsigned third = 0; third < 256; ++third) {
    std::string bytes = genuine(kind::failed, "");
    bytes[3] = static_cast<char>(static_cast<unsigned char>(third));
    const auto expected = third == 2   ? failure_class::timed_out
                          : third == 3 ? failure_class::cancelled
                                       : failure_class::threw;
    EXPECT_EQ(decode(bytes).head.failure, expected) << third;
  }
}

TEST(envelope, IgnoresTheReservedBytes) {
  for (const golden& expected : all_golden()) {
    std::string bytes = bytes_of_hex(expected.hex);
    bytes.replace(60, 4, "\x01\x80\xff\x7f", 4);
    EXPECT_EQ(decode(bytes).head, expected.head);
  }
}

TEST(envelope, ReadsOtherFlagBitsButKeepsTheKnownOnesApart) {
  std::string bytes = genuine(kind::value, "");
  bytes[2] = '\xfd';
  const envelope head = decode(bytes).head;
  EXPECT_EQ(head.flags & envelope::flag_untracked_waiter, envelope::flag_untracked_waiter);
  EXPECT_EQ(head.flags & envelope::flag_expired_by_hand, 0);
}

TEST(envelope, IsGenuineOnlyUnderItsOwnDigest) {
  for (const kind stored :
       {kind::value, kind::pending, kind::absent, kind::failed, kind::uncacheable}) {
    const std::string bytes = genuine(stored, "");
    EXPECT_TRUE(is_genuine(decode(bytes), 42));
    EXPECT_FALSE(is_genuine(decode(bytes), 43));
  }
}

TEST(envelope, IsNotGenuineOnceItsPayloadIsCutOrGrown) {
  for (const kind stored : {kind::value, kind::failed}) {
    const std::string payload(300, 'p');
    const std::string bytes = genuine(stored, payload);
    ASSERT_TRUE(is_genuine(decode(bytes), 42));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_FALSE(is_genuine(decode(bytes.substr(0, size)), 42)) << size;
    }
    EXPECT_FALSE(is_genuine(decode(bytes + "p"), 42));
  }
  EXPECT_FALSE(is_genuine(decode(genuine(kind::absent, "") + "p"), 42));
  EXPECT_FALSE(is_genuine(decode(genuine(kind::uncacheable, "") + "p"), 42));
}

TEST(envelope, IsNotGenuineAfterAnyFlippedBitOfThePayload) {
  const std::string bytes = genuine(kind::value, "a payload of some words, and a NUL");
  for (std::size_t bit = envelope_size * 8; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_FALSE(is_genuine(decode(flipped), 42)) << bit;
  }
}

// docs/internals/envelope.md says which flipped bits go unnoticed: no checksum covers the fields
// that scripts change in place.
TEST(envelope, NoticesFlippedBitsOutsideTheFieldsThatScriptsChange) {
  const std::string bytes = genuine(kind::value, "payload");
  for (std::size_t bit = 0; bit < envelope_size * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const decoded read = decode(flipped);
    const std::size_t offset = bit / 8;
    const bool to_pending = bit == 8;
    const bool in_place = offset >= 2 && offset < 48;
    const bool reserved = offset >= 60;
    EXPECT_EQ(is_genuine(read, 42), to_pending || in_place || reserved) << "bit " << bit;
    if (to_pending) {
      EXPECT_EQ(read.head.kind, kind::pending);
    }
    if (in_place) {
      EXPECT_EQ(read.payload, "payload");
    }
  }
}

TEST(envelope, NeverTakesAFlippedPendingForAnAnswer) {
  for (std::size_t bit = 0; bit < envelope_size * 8; ++bit) {
    std::string flipped = genuine(kind::pending, "");
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const decoded read = decode(flipped);
    if (is_genuine(read, 42)) {
      EXPECT_EQ(read.head.kind, kind::pending) << "bit " << bit;
    }
  }
}

TEST(envelope, AcceptsAnEmptyPayloadAndOneThatStartsLikeAnEnvelope) {
  const std::string empty = genuine(kind::value, "");
  EXPECT_TRUE(is_genuine(decode(empty), 42));
  EXPECT_TRUE(decode(empty).payload.empty());
  const std::string nested = genuine(kind::value, empty);
  EXPECT_TRUE(is_genuine(decode(nested), 42));
  EXPECT_EQ(decode(nested).payload, empty);
}

TEST(digest, IsTheHashOfTheWrittenLayout) {
  const std::string bytes = bytes_of_hex("00000004") + "name" + bytes_of_hex("01020304") +
                            bytes_of_hex("0000000000000003") + "key";
  EXPECT_EQ(digest_of("name", 0x01020304, "key"), XXH3_64bits(bytes.data(), bytes.size()));
}

TEST(digest, TellsApartWhatRunsTogetherWithoutLengths) {
  const std::vector<std::tuple<std::string, std::uint32_t, std::string>> inputs = {
      {"ab", 1, "c"},
      {"a", 1, "bc"},
      {"", 1, "abc"},
      {"abc", 1, ""},
      {"a", 11, "b"},
      {"a1", 1, "b"},
      {"a", 1, "1b"},
      {"a", 256, "b"},
      {"a", 0, ""},
      {"", 0, "a"},
      {"", 0, ""},
      {"", 1, ""},
      {"a", 1, "b"},
      {std::string("a\0\0\0\1", 5), 1, "b"},
      {"a", 1, std::string(1, '\0')},
      {"a", 1, std::string(2, '\0')}};
  std::set<std::uint64_t> digests;
  for (const auto& [name, schema, key] : inputs) digests.insert(digest_of(name, schema, key));
  EXPECT_EQ(digests.size(), inputs.size());
}

TEST(digest, DiffersForEverySplitOfOneText) {
  const std::string text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  std::set<std::uint64_t> digests;
  for (std::size_t split = 0; split <= text.size(); ++split) {
    digests.insert(digest_of(text.substr(0, split), 1, text.substr(split)));
  }
  EXPECT_EQ(digests.size(), text.size() + 1);
}

TEST(digest, TakesLongKeys) {
  const std::string key(65536, 'k');
  EXPECT_NE(digest_of("n", 1, key), digest_of("n", 1, key + 'k'));
}

TEST(checksum, IsTheLowHalfOfTheSeededHash) {
  // XXH3-64 of nothing with seed 0 is 2d06800538d394c2.
  EXPECT_EQ(checksum_of("", 0), 0x38D394C2U);
  const std::string payload = "some payload";
  const std::uint64_t seed = 0x123456789ABCDEF0U;
  EXPECT_EQ(checksum_of(payload, seed),
            static_cast<std::uint32_t>(XXH3_64bits_withSeed(payload.data(), payload.size(), seed) &
                                       0xFFFFFFFFU));
}

TEST(checksum, DependsOnTheDigest) {
  EXPECT_NE(checksum_of("payload", 1), checksum_of("payload", 2));
  EXPECT_NE(checksum_of("", 1), checksum_of("", 2));
}

}  // namespace
}  // namespace drover::entry::envelope_test
