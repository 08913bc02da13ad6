// SPDX-License-Identifier: MIT
#include "audit/proxy/address.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace drover::audit::address_test {
namespace {

using namespace std::string_view_literals;

TEST(audit_address, ReadsEveryForm) {
  struct example {
    std::string_view text;
    address expected;
  };
  const std::vector<example> all{
      {"127.0.0.1:6390", {"127.0.0.1", 6390, ""}},
      {"localhost:1", {"localhost", 1, ""}},
      {":6390", {"127.0.0.1", 6390, ""}},
      {"6390", {"127.0.0.1", 6390, ""}},
      {"0.0.0.0:0", {"0.0.0.0", 0, ""}},
      {"[::1]:65535", {"::1", 65535, ""}},
      {"unix:///a/b", {"127.0.0.1", 6379, "/a/b"}},
      {"unix:/a", {"127.0.0.1", 6379, "/a"}},
      {"unix:a.sock", {"127.0.0.1", 6379, "a.sock"}},
      {"/a/b:c", {"127.0.0.1", 6379, "/a/b:c"}},
  };
  for (const auto& [text, expected] : all) {
    const auto read = parse_address(text);
    ASSERT_TRUE(read) << text << ": " << read.error().text;
    EXPECT_EQ(*read, expected) << text;
    const auto again = parse_address(describe(*read));
    ASSERT_TRUE(again) << describe(*read);
    EXPECT_EQ(*again, expected) << describe(*read);
  }
}

TEST(audit_address, RefusesWhatIsNoneAndNamesIt) {
  for (const std::string_view text :
       {""sv, ":"sv, "host"sv, "host:"sv, "host:65536"sv, "host:-1"sv, "host:1x"sv, "::1:6379"sv,
        "[::1]"sv, "[]:1"sv, "user@host:1"sv, "redis://host:1"sv, "unix:"sv, "unix://"sv, "a b:1"sv,
        "a\0b:1"sv, "/a\0b"sv}) {
    const auto read = parse_address(text);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().text.find("HOST:PORT"), std::string::npos) << read.error().text;
  }
  EXPECT_FALSE(parse_address("/" + std::string(107, 'x')));
  EXPECT_TRUE(parse_address("/" + std::string(106, 'x')));
  EXPECT_NE(parse_address("ho\nst").error().text.find("'ho\\nst'"), std::string::npos);
}

}  // namespace
}  // namespace drover::audit::address_test
