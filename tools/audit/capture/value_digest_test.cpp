// SPDX-License-Identifier: MIT
#include "audit/capture/value_digest.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace drover::audit::value_digest_test {
namespace {

using namespace std::string_view_literals;

constexpr hash_key key{1, 2};

TEST(audit_value_digest, IsTheSameInPiecesOfAnySize) {
  std::string value;
  for (std::size_t i = 0; i < 5000; ++i) value += static_cast<char>('a' + i * i % 23);
  digest_stream stream{key};
  for (const std::size_t length : {0U, 1U, 3U, 16U, 17U, 63U, 64U, 65U, 128U, 240U, 241U, 5000U}) {
    const std::string_view whole = std::string_view{value}.substr(0, length);
    for (const std::size_t size : {1U, 7U, 64U, 1024U, 5000U}) {
      for (std::size_t at = 0; at < length; at += size) stream.add(whole.substr(at, size));
      EXPECT_EQ(stream.take(), digest_of(key, whole)) << length << " in " << size;
    }
  }
}

TEST(audit_value_digest, DependsOnEveryByteAndOnBothHalvesOfTheKey) {
  std::set<std::uint64_t> hashes;
  std::string value(300, 'x');
  for (std::size_t i = 0; i < value.size(); ++i) {
    value[i] = 'y';
    hashes.insert(digest_of(key, value).hash);
    value[i] = 'x';
  }
  hashes.insert(digest_of(key, value).hash);
  hashes.insert(digest_of({1, 3}, value).hash);
  hashes.insert(digest_of({2, 2}, value).hash);
  EXPECT_EQ(hashes.size(), value.size() + 3);
}

TEST(audit_value_digest, IsZeroOnlyForTheEmptyValue) {
  EXPECT_EQ(digest_of(key, ""), digest{});
  EXPECT_NE(digest_of(key, "0").hash, 0U);
  EXPECT_EQ(digest_of(key, "0").length, 1U);
}

TEST(audit_value_digest, TellsWhatAValueLooksLike) {
  const std::vector<std::pair<std::string_view, shape>> all{
      {"", shape::empty},
      {"0", shape::integer},
      {"-12", shape::integer},
      {"18446744073709551615", shape::integer},
      {"-", shape::text},
      {"1.5", shape::text},
      {"123456789012345678901", shape::text},
      {"{\"a\":1}", shape::json},
      {" [1, 2]", shape::json},
      {"[]", shape::json},
      {"{}", shape::json},
      {"\"text\"", shape::json},
      {"{ hash tag }", shape::text},
      {"[tag] text", shape::json},
      {"[Tag] text", shape::text},
      {"\x80\x04\x95"sv, shape::pickle},
      {"\x80\x06"sv, shape::binary},
      {"a:2:{i:0;i:1;}", shape::php},
      {"O:8:\"stdClass\":0:{}", shape::php},
      {"s:5:\"hello\";", shape::php},
      {"i:-5;", shape::php},
      {"b:1;", shape::php},
      {"d:0.5;", shape::php},
      {"N;", shape::php},
      {"s:user:42", shape::text},
      {"a:b:{", shape::text},
      {"hello world\n", shape::text},
      {"k\xc3\xa4se", shape::text},
      {"\xff\xfe", shape::binary},
      {"a\0b"sv, shape::binary},
      {"\x1f\x8b\x08"sv, shape::binary},
  };
  for (const auto& [value, looks] : all) EXPECT_EQ(digest_of(key, value).looks, looks) << value;
}

TEST(audit_value_digest, OneByteAnywhereMakesATextBinary) {
  for (int byte = 0; byte < 256; ++byte) {
    const bool is_text =
        byte == '\n' || byte == '\r' || byte == '\t' || (byte >= 0x20 && byte < 0x7F);
    for (std::size_t place = 1; place < 20; ++place) {
      std::string value(21, 'k');  // ends with a 'k': the last character may be incomplete
      value[place] = static_cast<char>(byte);
      EXPECT_EQ(shape_of(value, value.size()), is_text ? shape::text : shape::binary)
          << byte << " at " << place;
    }
  }
}

TEST(audit_value_digest, LooksAtTheHeadOnlyAndMayCutACharacter) {
  std::string value(shape_bytes_max - 1, 'a');
  value += "\xc3\xa4 and then \x01\x02";
  EXPECT_EQ(digest_of(key, value).looks, shape::text);
  EXPECT_EQ(shape_of("12345", 100), shape::text) << "the head of a longer value is not an integer";
}

}  // namespace
}  // namespace drover::audit::value_digest_test
