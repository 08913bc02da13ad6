// SPDX-License-Identifier: MIT
// Tests that write values and read them back, also for unusual keys.
#include "simulate/origins/row.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace drover::simulate::row_test {
namespace {

std::string value_for(const std::string& key, value_read read) {
  return value_of(key, body_of(key, read.version), read);
}

std::vector<std::string> keys() {
  using namespace std::string_literals;
  std::vector<std::string> texts{"",
                                 "profile:42",
                                 "two words",
                                 "a\"b",
                                 "a\\b",
                                 "a\\\"b",
                                 "\\u0000",
                                 "a\0b"s,
                                 "\0"s,
                                 "line\nbreak\r\n",
                                 "\t\x1b[31m",
                                 "gr\xc3\xbc\xc3\x9f",
                                 "\xff\xfe\x80",
                                 "\x7f",
                                 "\",\"body\":\"",
                                 "{\"version\":9}",
                                 std::string(10'000, 'k')};
  std::mt19937 random{20'240'611};
  for (int i = 0; i < 300; ++i) {
    std::string key(random() % 40, ' ');
    for (char& byte : key) byte = static_cast<char>(random());
    texts.push_back(key);
  }
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

TEST(row, GivesBackWhatTheValueWasMadeOf) {
  for (const std::string& key : keys()) {
    for (const std::uint64_t version :
         {std::uint64_t{0}, std::uint64_t{1}, std::numeric_limits<std::uint64_t>::max()}) {
      for (const std::int64_t at : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{123456789},
                                    std::numeric_limits<std::int64_t>::max()}) {
        const auto parsed =
            read_value(key, value_for(key, value_read{.version = version, .read_at = at}));
        ASSERT_TRUE(parsed) << key;
        EXPECT_EQ(parsed->version, version);
        EXPECT_EQ(parsed->read_at, at);
      }
    }
  }
}

TEST(row, IsOneLineOfAsciiForAnyKey) {
  const auto is_plain = [](char byte) { return byte >= 0x20 && byte < 0x7F; };
  for (const std::string& key : keys()) {
    const std::string value = value_for(key, {.version = 3, .read_at = 4});
    EXPECT_TRUE(std::all_of(value.begin(), value.end(), is_plain)) << value;
    const std::string body = body_of(key, 3);
    EXPECT_TRUE(std::all_of(body.begin(), body.end(), is_plain)) << body;
  }
}

TEST(row, HasAValueOfAboutThreeHundredBytes) {
  const std::string value = value_for("profile:42", {.version = 1, .read_at = 1'000'000'000'000});
  EXPECT_GT(value.size(), 250U);
  EXPECT_LT(value.size(), 350U);
}

TEST(row, TellsKeysAndVersionsApart) {
  const auto all_keys = keys();
  std::set<std::string> distinct_values;
  std::vector<std::string> values;
  for (const std::string& key : all_keys) {
    for (const std::uint64_t version : {2U, 1U}) {
      values.push_back(value_for(key, {.version = version, .read_at = 5}));
      EXPECT_TRUE(distinct_values.insert(values.back()).second) << key;
    }
  }
  for (std::size_t i = 0; i < all_keys.size(); ++i) {
    // The neighbors in sorted order are the most similar keys.
    for (std::size_t j = i < 20 ? 0 : i - 20; j < std::min(all_keys.size(), i + 20); ++j) {
      EXPECT_EQ(read_value(all_keys[i], values[2 * j + 1]).has_value(), i == j) << all_keys[i];
    }
  }
}

TEST(row, RefusesAnyChangeOfAByte) {
  const std::string key = "profile:\"7\"";
  const std::string value = value_for(key, {.version = 12, .read_at = 3456});
  for (std::size_t place = 0; place < value.size(); ++place) {
    std::string shorter = value;
    shorter.erase(place, 1);
    const auto read = read_value(key, shorter);
    // Only `read_at` can lose a digit unnoticed, because the rest of the value does not repeat it.
    EXPECT_TRUE(!read || (read->version == 12 && read->read_at != 3456)) << shorter;
    EXPECT_FALSE(read_value(key, value.substr(0, place))) << place;
    std::string changed = value;
    changed[place] = static_cast<char>(changed[place] ^ 0x40);
    EXPECT_FALSE(read_value(key, changed)) << changed;
  }
  EXPECT_FALSE(read_value(key, value + " "));
  EXPECT_FALSE(read_value(key, value + value));
  EXPECT_FALSE(read_value(key, ""));
}

TEST(row, RefusesNumbersThatAreWrittenInAnotherWay) {
  const std::string key = "k";
  const std::string end = value_for(key, {.version = 1, .read_at = 2});
  const std::string tail = end.substr(end.find(",\"name\""));
  EXPECT_TRUE(read_value(key, "{\"version\":1,\"read_at\":2" + tail));
  for (const char* const head :
       {"{\"version\":01,\"read_at\":2", "{\"version\":1,\"read_at\":02",
        "{\"version\":+1,\"read_at\":2", "{\"version\":-1,\"read_at\":2",
        "{\"version\":1,\"read_at\":-0", "{\"version\":1,\"read_at\":",
        "{\"version\":,\"read_at\":2", "{\"version\":99999999999999999999999,\"read_at\":2",
        "{\"version\":1,\"read_at\":99999999999999999999999", "{\"version\": 1,\"read_at\":2"}) {
    EXPECT_FALSE(read_value(key, head + tail)) << head;
  }
}

TEST(row, RefusesTheBodyOfAnotherVersion) {
  EXPECT_FALSE(read_value("k", value_of("k", body_of("k", 2), {.version = 3, .read_at = 1})));
}

}  // namespace
}  // namespace drover::simulate::row_test
