// SPDX-License-Identifier: MIT
// Values of every supported type, and codecs that misbehave, on a real server.
#include <gtest/gtest.h>
#include <drover/cache.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "cache/patient_options_for_test.hpp"
#include "entry/keys.hpp"
#include "support/redis_server.hpp"

namespace drover_test {

struct point {
  int x = 0;
  int y = 0;
  friend bool operator==(const point&, const point&) = default;
};

struct moody {
  std::string text;
};

}  // namespace drover_test

template <>
struct drover::codec<drover_test::point> {
  static std::string encode(const drover_test::point& p) {
    return std::to_string(p.x) + "," + std::to_string(p.y);
  }
  static result<drover_test::point> decode(std::string_view bytes) {
    drover_test::point p;
    if (std::sscanf(std::string{bytes}.c_str(), "%d,%d", &p.x, &p.y) != 2) {
      return fault{fault_code::corrupt, "no point"};
    }
    return p;
  }
};

template <>
struct drover::codec<drover_test::moody> {
  static std::string encode(const drover_test::moody& value) {
    if (value.text == "unspeakable") throw std::runtime_error{"cannot be put into words"};
    return value.text;
  }
  static result<drover_test::moody> decode(std::string_view bytes) {
    if (bytes == "gibberish") return fault{fault_code::corrupt, "gibberish"};
    if (bytes == "poison") throw std::runtime_error{"cannot be read"};
    return drover_test::moody{std::string{bytes}};
  }
};

namespace drover::codec_test {
namespace {

using namespace std::chrono_literals;

template <class T>
void expect_round_trip(const client& on, const char* name, const std::vector<T>& values) {
  std::size_t loads = 0;
  cache<T> held{
      on, {.name = name, .policy = {.ttl = 1h, .early_beta = 0}}, [&](std::string_view key) {
        ++loads;
        return values[std::stoul(std::string{key})];
      }};
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(held.get(std::to_string(i)), values[i]) << name << " " << i;
    }
  }
  EXPECT_EQ(loads, values.size()) << name;
}

TEST(codec_types, EveryBuiltInTypeAndAUsersOwnComeBackAsTheyWere) {
  const test::redis_server server;
  const client redis{patient_options(server.url())};
  using bytes = std::vector<std::byte>;
  expect_round_trip<std::string>(
      redis, "string", {"", "text", std::string{"\0\xFE\xFF\r\n", 5}, std::string(100000, 'x')});
  expect_round_trip<bytes>(redis, "bytes", {{}, {std::byte{0}, std::byte{0xFE}}});
  expect_round_trip<int>(redis, "int", {0, -1, std::numeric_limits<int>::min(), 42});
  expect_round_trip<std::uint8_t>(redis, "u8", {0, 255});
  expect_round_trip<std::int64_t>(redis, "i64", {std::numeric_limits<std::int64_t>::min(), -1, 7});
  expect_round_trip<std::uint64_t>(redis, "u64", {std::numeric_limits<std::uint64_t>::max()});
  expect_round_trip<double>(redis, "double", {0.0, -1.5, 1e300, 5e-324});
  expect_round_trip<float>(redis, "float", {0.1F, -2.0F});
  expect_round_trip<bool>(redis, "bool", {true, false});
  expect_round_trip<drover_test::point>(redis, "point", {{1, 2}, {-3, 4}});
}

TEST(codec_types, AnEmptyValueIsNotAbsent) {
  const test::redis_server server;
  const client redis{patient_options(server.url())};
  cache<std::string> held{redis, {.name = "empty", .policy = {.ttl = 1h}}, [](std::string_view) {
                            return std::string{};
                          }};
  EXPECT_EQ(held.get("a"), "");
  EXPECT_EQ(held.get("a"), "");
}

TEST(codec_faults, AValueThatCannotBeEncodedIsServedAndNotStored) {
  const test::redis_server server;
  const client redis{patient_options(server.url())};
  int loads = 0;
  cache<drover_test::moody> held{
      redis, {.name = "moody", .policy = {.ttl = 1h}}, [&](std::string_view) {
        ++loads;
        return drover_test::moody{"unspeakable"};
      }};
  EXPECT_EQ(held.get("a")->text, "unspeakable");
  EXPECT_EQ(held.get("a")->text, "unspeakable");
  EXPECT_EQ(loads, 2);
  EXPECT_EQ(held.stats().not_stored, 2U);
}

TEST(codec_faults, AnEntryThatCannotBeDecodedIsAMissAndIsOverwritten) {
  const test::redis_server server;
  const client redis{patient_options(server.url())};
  std::string next = "gibberish";
  int loads = 0;
  cache<drover_test::moody> held{
      redis, {.name = "moody", .policy = {.ttl = 1h}}, [&](std::string_view) {
        ++loads;
        return drover_test::moody{next};
      }};
  for (const char* bad : {"gibberish", "poison"}) {
    next = bad;
    loads = 0;
    ASSERT_TRUE(held.invalidate("a"));
    // The caller of the load gets the loaded object, which is never decoded.
    EXPECT_EQ(held.get("a")->text, bad);
    EXPECT_EQ(held.peek("a").has_value(), false);
    next = "plain";
    EXPECT_EQ(held.get("a")->text, "plain");
    EXPECT_EQ(held.get("a")->text, "plain");
    EXPECT_EQ(loads, 2) << bad;
  }
  EXPECT_EQ(held.stats().corrupt_entries, 4U);
}

TEST(codec_faults, ForeignAndDamagedBytesUnderTheKeyAreAMissCountedAndOverwritten) {
  const test::redis_server server;
  const client redis{patient_options(server.url())};
  cache<std::string> held{redis,
                          {.name = "held", .policy = {.ttl = 1h, .early_beta = 0}},
                          [](std::string_view) { return std::string{"good"}; }};
  const std::string value_key = entry::key_space{"held", 1}.value_key("a");
  std::uint64_t counted = 0;
  const auto expect_miss_and_repair = [&](const char* damage) {
    EXPECT_EQ(held.fetch("a").how, served::loaded) << damage;
    EXPECT_EQ(held.fetch("a").how, served::fresh) << damage;
    EXPECT_EQ(held.stats().corrupt_entries, ++counted) << damage;
  };
  server.command({"SET", value_key, "somebody else's"});
  expect_miss_and_repair("foreign");
  server.command({"SETRANGE", value_key, "66", "X"});
  expect_miss_and_repair("payload changed");
  server.command({"SETRANGE", value_key, "50", "XX"});
  expect_miss_and_repair("digest changed");
  server.command({"APPEND", value_key, "X"});
  expect_miss_and_repair("payload longer");
}

TEST(codec_faults, AnotherKeysEntryIsNeverServed) {
  const test::redis_server server;
  const client redis{patient_options(server.url())};
  cache<std::string> held{redis,
                          {.name = "held", .policy = {.ttl = 1h, .early_beta = 0}},
                          [](std::string_view key) { return "of " + std::string{key}; }};
  const entry::key_space keys{"held", 1};
  ASSERT_EQ(held.get("alice"), "of alice");
  server.command({"COPY", keys.value_key("alice"), keys.value_key("bob"), "REPLACE"});
  EXPECT_EQ(held.get("bob"), "of bob");
  EXPECT_EQ(held.stats().corrupt_entries, 1U);
}

TEST(codec_faults, AKeyOfAnotherTypeIsBypassedAndLeftAlone) {
  const test::redis_server server;
  const client redis{patient_options(server.url())};
  cache<std::string> held{redis, {.name = "held", .policy = {.ttl = 1h}}, [](std::string_view) {
                            return std::string{"loaded"};
                          }};
  const std::string value_key = entry::key_space{"held", 1}.value_key("a");
  server.command({"RPUSH", value_key, "1", "2"});
  EXPECT_EQ(held.fetch("a").how, served::bypassed);
  EXPECT_EQ(server.command({"LLEN", value_key}).root().integer(), 2);
  EXPECT_GT(held.stats().faults[static_cast<std::size_t>(fault_code::corrupt)], 0U);
}

TEST(codec_faults, ANewerFormatIsBypassedAndLeftAlone) {
  const test::redis_server server;
  const client redis{patient_options(server.url())};
  cache<std::string> held{redis, {.name = "held", .policy = {.ttl = 1h}}, [](std::string_view) {
                            return std::string{"loaded"};
                          }};
  const std::string value_key = entry::key_space{"held", 1}.value_key("a");
  const std::string newer = "\xFE\x20" + std::string(80, 'n');
  server.command({"SET", value_key, newer});
  EXPECT_EQ(held.fetch("a").how, served::bypassed);
  EXPECT_EQ(server.command({"GET", value_key}).root().text(), newer);
}

}  // namespace
}  // namespace drover::codec_test
