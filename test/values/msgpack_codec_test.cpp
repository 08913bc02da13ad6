// SPDX-License-Identifier: MIT
#include <drover/codecs/msgpack.hpp>

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace drover::test {

struct msgpack_user {
  int id = 0;
  std::string name;
  std::map<std::string, std::vector<double>> marks;
  bool operator==(const msgpack_user&) const = default;
  MSGPACK_DEFINE(id, name, marks)
};

}  // namespace drover::test

template <>
struct drover::codec<drover::test::msgpack_user>
    : drover::msgpack_codec<drover::test::msgpack_user> {};

namespace drover::test::msgpack_codec_test {
namespace {

using users = codec<msgpack_user>;

TEST(msgpack_codec, BringsBackWhatItEncoded) {
  const msgpack_user ada{42, std::string("Ad\0\xFF", 4), {{"a", {1.5, -2}}, {"", {}}}};
  EXPECT_EQ(*users::decode(users::encode(ada)), ada);
  EXPECT_EQ(users::encode({1, "b", {}}), "\x93\x01\xA1\x62\x80");
}

TEST(msgpack_codec, RefusesBytesOfAnotherLength) {
  const std::string bytes = users::encode({42, "Ada", {{"a", {1.5, -2}}}});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(users::decode(bytes.substr(0, size))) << size;
  }
  EXPECT_FALSE(users::decode(bytes + "\x01"));
}

TEST(msgpack_codec, RefusesOtherTypes) {
  for (const char* bytes : {"\x01", "\xC0", "\xA1x", "\x93\xA1x\xA1x\x80", "\x93\x01\x02\x80"}) {
    EXPECT_EQ(users::decode(bytes).error().code, fault_code::corrupt) << bytes;
  }
}

TEST(msgpack_codec, AllocatesNothingForACountWithoutElements) {
  // An array of four billion elements, maps likewise, and 100 of them inside each other.
  EXPECT_FALSE(users::decode("\xDD\xFF\xFF\xFF\xFF"));
  EXPECT_FALSE(users::decode("\xDF\xFF\xFF\xFF\xFF\x01\x01"));
  std::string nested;
  for (int i = 0; i < 100; ++i) nested += "\xDD\x0F\xFF\xFF\xFF";
  EXPECT_FALSE(users::decode(nested));
}

TEST(msgpack_codec, RefusesBytesThatNestTooDeeply) {
  EXPECT_TRUE(msgpack_codec<msgpack::type::nil_t>::decode("\xC0"));
  EXPECT_FALSE(users::decode(std::string(1'000'000, '\x91') + "\xC0"));
}

}  // namespace
}  // namespace drover::test::msgpack_codec_test
