// SPDX-License-Identifier: MIT
// Checks the code against the example of docs/internals/envelope.md.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "entry/envelope.hpp"
#include "entry/freshness.hpp"
#include "entry/hex_for_test.hpp"
#include "entry/keys.hpp"
#include "support/document.hpp"

namespace drover::entry::envelope_page_test {
namespace {

std::string page() { return test::document("docs/internals/envelope.md"); }

/// The lines of the fenced block that is marked with `mark`.
std::string block(const std::string& text, const std::string& mark) {
  const std::string fence = "```" + mark + "\n";
  const auto begin = text.find(fence);
  if (begin == std::string::npos) return {};
  const auto end = text.find("```", begin + fence.size());
  return text.substr(begin + fence.size(), end - begin - fence.size());
}

/// The bytes of a hex dump. Each line has an offset of eight digits, at most sixteen bytes, and
/// their characters between bars.
std::string dumped(const std::string& lines) {
  std::string bytes;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    bytes += bytes_of_hex(std::string_view{lines}.substr(at + 8, 50));
    at = end + 1;
  }
  return bytes;
}

class envelope_page : public testing::Test {
 protected:
  static constexpr std::size_t name_width = 11;

  void SetUp() override {
    const std::string lines = block(text_, "example");
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = lines.find('\n', at);
      std::string field = lines.substr(at, name_width);
      field.erase(field.find_last_not_of(' ') + 1);
      fields_[field] = lines.substr(at + name_width, end - at - name_width);
      at = end + 1;
    }
    ASSERT_EQ(fields_.size(), 17U) << "the page, or its example, was not found";
    space_.emplace(fields_.at("name"), static_cast<std::uint32_t>(number("schema")));
  }

  std::int64_t number(const std::string& field) const { return std::stoll(fields_.at(field)); }
  std::uint64_t hexadecimal(const std::string& field) const {
    return std::stoull(fields_.at(field), nullptr, 16);
  }

  const std::string text_ = page();
  std::map<std::string, std::string> fields_;
  std::optional<key_space> space_;
};

TEST_F(envelope_page, NamesTheKeysAsTheCodeDoes) {
  EXPECT_EQ(space_->value_key(fields_.at("key")), fields_.at("value key"));
  EXPECT_EQ(space_->refresh_mark_key(fields_.at("key")), fields_.at("mark key"));
  EXPECT_EQ(space_->wake_channel(fields_.at("key")), fields_.at("wake"));
  const std::string long_key = space_->value_key(std::string(201, 'a'));
  EXPECT_NE(text_.find("`" + long_key + "`"), std::string::npos);
}

TEST_F(envelope_page, ShowsTheDigestAndWhatItIsTheHashOf) {
  const std::string hashed = dumped(block(text_, "digest"));
  ASSERT_FALSE(hashed.empty());
  EXPECT_EQ(XXH3_64bits(hashed.data(), hashed.size()), hexadecimal("digest"));
  EXPECT_EQ(space_->digest(fields_.at("key")), hexadecimal("digest"));
  EXPECT_EQ(checksum_of(fields_.at("payload"), hexadecimal("digest")), hexadecimal("checksum"));
}

TEST_F(envelope_page, ShowsTheBytesThatTheCodeWritesAndReads) {
  envelope head;
  head.kind = kind::value;
  head.load_us = static_cast<std::uint32_t>(number("load us"));
  head.stored_at = server_time{milliseconds{number("stored at")}};
  head.until = server_time{milliseconds{number("until")}};
  head.produced_by = token::from(bytes_of_hex(fields_.at("token")));
  head.grace = milliseconds{number("grace ms")};
  head.digest = hexadecimal("digest");
  head.checksum = static_cast<std::uint32_t>(hexadecimal("checksum"));

  const std::string documented = dumped(block(text_, "entry"));
  EXPECT_EQ(hex_of_bytes(encode(head, fields_.at("payload"))), hex_of_bytes(documented));
  const decoded read = decode(documented);
  EXPECT_EQ(read.head, head);
  EXPECT_EQ(read.payload, fields_.at("payload"));
  EXPECT_TRUE(is_genuine(read, space_->digest(fields_.at("key"))));
}

TEST_F(envelope_page, ReckonsTimesAsTheCodeDoes) {
  const lifetime times = lifetime_of({.ttl = milliseconds{number("ttl ms")},
                                      .grace = milliseconds{number("grace ms")},
                                      .lease_ttl = milliseconds{number("lease ms")},
                                      .load_time = microseconds{number("load us")}});
  EXPECT_EQ(number("stored at") + times.fresh.count(), number("until"));
  EXPECT_EQ(times.grace.count(), number("grace ms"));
  EXPECT_EQ(times.key_ttl.count(), number("key ttl ms"));
}

}  // namespace
}  // namespace drover::entry::envelope_page_test
