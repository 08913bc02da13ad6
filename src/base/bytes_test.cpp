// SPDX-License-Identifier: MIT
#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "base/random.hpp"

namespace drover::base::bytes_test {
namespace {

TEST(bytes, AreReadMostSignificantFirst) {
  const std::string bytes("\x01\x02\x80\xff\x00\x7f\xfe\x03\x04", 9);
  EXPECT_EQ(load_big_endian<std::uint8_t>(bytes, 2), 0x80U);
  EXPECT_EQ(load_big_endian<std::uint16_t>(bytes, 0), 0x0102U);
  EXPECT_EQ(load_big_endian<std::uint32_t>(bytes, 1), 0x0280FF00U);
  EXPECT_EQ(load_big_endian<std::uint64_t>(bytes, 0), 0x010280FF007FFE03U);
  EXPECT_EQ(load_big_endian<std::uint64_t>(bytes, 1), 0x0280FF007FFE0304U);
}

TEST(bytes, AreWrittenMostSignificantFirst) {
  std::string bytes(8, '\x55');
  store_big_endian<std::uint32_t>(bytes, 2, 0x0280FF00U);
  EXPECT_EQ(bytes, std::string("\x55\x55\x02\x80\xff\x00\x55\x55", 8));
  store_big_endian<std::uint64_t>(bytes, 0, 0x0102030405060708U);
  EXPECT_EQ(bytes, "\x01\x02\x03\x04\x05\x06\x07\x08");
  store_big_endian<std::uint8_t>(bytes, 7, 0xFFU);
  EXPECT_EQ(bytes, "\x01\x02\x03\x04\x05\x06\x07\xff");
}

template <class Unsigned>
void expect_round_trips(std::uint64_t seed) {
  seeded_random random{seed};
  for (int i = 0; i < 1'000; ++i) {
    const auto value = static_cast<Unsigned>(random.next());
    const std::size_t offset = random.next() % 9;
    std::string bytes(offset + sizeof(Unsigned) + 3, '\x2a');
    store_big_endian(bytes, offset, value);
    ASSERT_EQ(load_big_endian<Unsigned>(bytes, offset), value);
    ASSERT_EQ(bytes.substr(0, offset), std::string(offset, '\x2a'));
    ASSERT_EQ(bytes.substr(offset + sizeof(Unsigned)), "\x2a\x2a\x2a");
  }
}

TEST(bytes, ReadsWhatItWroteAndTouchesNothingElse) {
  expect_round_trips<std::uint8_t>(1);
  expect_round_trips<std::uint16_t>(2);
  expect_round_trips<std::uint32_t>(3);
  expect_round_trips<std::uint64_t>(4);
}

TEST(bytes, HoldsTheLargestNumbers) {
  std::string bytes(8, '\0');
  store_big_endian(bytes, 0, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(bytes, std::string(8, '\xff'));
  EXPECT_EQ(load_big_endian<std::uint64_t>(bytes, 0), std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace drover::base::bytes_test
