// SPDX-License-Identifier: MIT
#include <drover/codecs/json.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace drover::test {

struct json_user {
  int id = 0;
  std::string name;
  std::vector<double> marks;
  bool operator==(const json_user&) const = default;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(json_user, id, name, marks)

}  // namespace drover::test

template <>
struct drover::codec<drover::test::json_user> : drover::json_codec<drover::test::json_user> {};

namespace drover::test::json_codec_test {
namespace {

using users = codec<json_user>;

TEST(json_codec, BringsBackWhatItEncoded) {
  const json_user ada{42, "Ad\xC3\xA9 \"", {1.5, -2}};
  EXPECT_EQ(users::encode(ada), "{\"id\":42,\"marks\":[1.5,-2.0],\"name\":\"Ad\xC3\xA9 \\\"\"}");
  EXPECT_EQ(*users::decode(users::encode(ada)), ada);
  EXPECT_EQ(schema_of<json_user>, 1U);
  using many = std::vector<std::optional<json_user>>;
  const many nested{ada, std::nullopt};
  EXPECT_EQ(*codec<many>::decode(codec<many>::encode(nested)), nested);
}

TEST(json_codec, RefusesOtherBytes) {
  for (const char* bytes :
       {"", "{", "null", "[]", "{\"id\":1}", "{\"id\":\"x\",\"name\":\"\",\"marks\":[]}",
        "{\"id\":1,\"name\":\"\",\"marks\":[]} x"}) {
    EXPECT_EQ(users::decode(bytes).error().code, fault_code::corrupt) << bytes;
  }
  EXPECT_FALSE(codec<nlohmann::json>::decode("{").has_value());
}

TEST(json_codec, ThrowsForTextThatIsNotUtf8) {
  EXPECT_THROW(static_cast<void>(users::encode({1, "\xFF", {}})), nlohmann::json::exception);
}

TEST(json_codec, StoresAnyJson) {
  const nlohmann::json any{{"a", {1, 2, nullptr}}, {"b", true}};
  EXPECT_EQ(*codec<nlohmann::json>::decode(codec<nlohmann::json>::encode(any)), any);
}

TEST(json_codec, ReadsDeepBytesWithoutHarm) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  EXPECT_TRUE(codec<nlohmann::json>::decode(deep).has_value());
  EXPECT_FALSE(users::decode(deep).has_value());
}

}  // namespace
}  // namespace drover::test::json_codec_test
