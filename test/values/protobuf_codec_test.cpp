// SPDX-License-Identifier: MIT
#include <drover/codecs/protobuf.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "profile.pb.h"

namespace drover::test::protobuf_codec_test {
namespace {

using profiles = codec<profile>;
static_assert(encodable<profile>);

TEST(protobuf_codec, BringsBackWhatItEncoded) {
  profile ada;
  ada.set_id(42);
  ada.set_name("Ada");
  ada.add_friends()->set_id(7);
  EXPECT_EQ(profiles::decode(profiles::encode(ada))->SerializeAsString(), ada.SerializeAsString());
  EXPECT_EQ(profiles::decode(profiles::encode(ada))->friends(0).id(), 7);
  using many = std::vector<std::optional<profile>>;
  EXPECT_EQ(codec<many>::decode(codec<many>::encode(many{ada, std::nullopt}))->front()->name(),
            "Ada");
}

TEST(protobuf_codec, DoesNotStoreAMessageWithoutItsRequiredFields) {
  EXPECT_THROW(static_cast<void>(profiles::encode(profile{})), std::invalid_argument);
  EXPECT_EQ(profiles::decode("").error().code, fault_code::corrupt);
}

TEST(protobuf_codec, RefusesOtherBytes) {
  for (const char* bytes : {"\x08", "\xFF\xFF", "\x12\x7FX", "\x08\x2A\x1A\x05\x08"}) {
    EXPECT_EQ(profiles::decode(bytes).error().code, fault_code::corrupt) << bytes;
  }
}

}  // namespace
}  // namespace drover::test::protobuf_codec_test
