// SPDX-License-Identifier: MIT
#include "entry/keys.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "entry/envelope.hpp"

namespace drover::entry::keys_test {
namespace {

/// The hash slot of Redis Cluster: CRC-16/XMODEM of the text in the first braces, or of the whole
/// key if they are missing or empty.
unsigned slot_of(std::string_view key) {
  const auto open = key.find('{');
  if (open != std::string_view::npos) {
    const auto close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  unsigned crc = 0;
  for (const char c : key) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc & 0x8000U) != 0 ? ((crc << 1U) ^ 0x1021U) : (crc << 1U);
      crc &= 0xFFFFU;
    }
  }
  return crc % 16384;
}

std::vector<std::string> strange_keys() {
  return {"",
          "}",
          "{",
          "{}",
          "{a}",
          "}{",
          "=",
          "#",
          "key",
          std::string(1, '\0'),
          std::string("a\0b", 3),
          "\r\n",
          "a\r\nFLUSHALL\r\n",
          "\xff",
          "\xfe\x10",
          "a:1.1:v:{=b}",
          std::string(200, 'x'),
          std::string(201, 'x'),
          std::string(202, 'x'),
          std::string(199, 'x') + "}",
          std::string(200, 'x') + "}",
          std::string(65536, 'x'),
          std::string(65535, 'x') + "y"};
}

/// Random keys of the characters that have a meaning in a name. Some of the keys are long.
std::string random_key(base::seeded_random& random) {
  constexpr std::string_view letters{"ab{}:=#\0\xff", 9};
  const std::size_t size = random.next() % 20 == 0 ? 195 + random.next() % 12 : random.next() % 7;
  std::string key;
  for (std::size_t i = 0; i < size; ++i) key += letters[random.next() % letters.size()];
  return key;
}

TEST(keys, AreTakenApartAgain) {
  const key_space space{"products.x-1", 4294967295U};
  for (const std::string& key : strange_keys()) {
    for (const auto& [names, kind] :
         {std::pair{space.value_key(key), 'v'}, std::pair{space.refresh_mark_key(key), 'l'},
          std::pair{space.wake_channel(key), 'w'}}) {
      const auto parts = parts_of(names);
      ASSERT_TRUE(parts.has_value()) << names;
      EXPECT_EQ(parts->name, space.name());
      EXPECT_EQ(parts->schema, space.schema());
      EXPECT_EQ(parts->kind, kind);
      if (key.size() <= long_key_size) {
        EXPECT_EQ(parts->key, key);
      } else {
        EXPECT_EQ(parts->key.front(), '#');
      }
    }
  }
  const std::string canary = space.canary_key("ab-1");
  ASSERT_TRUE(parts_of(canary).has_value());
  EXPECT_EQ(parts_of(canary)->kind, 'c');
  EXPECT_EQ(parts_of(canary)->key, "ab-1");
}

TEST(keys, OfOthersAreNotTakenForOurs) {
  for (const char* other : {"",
                            ":",
                            "a",
                            "a:",
                            "a:1.",
                            "a:1.7",
                            "a:1.7:",
                            "a:1.7:v",
                            "a:1.7:v:",
                            "a:1.7:v:{=",
                            "a:1.7:v:{}",
                            "a:1.7:v:{k}",
                            "a:1.7:v:=k",
                            "a:2.7:v:{=k}",
                            "a:1.x:v:{=k}",
                            "a:1.07:v:{=k}",
                            "a:1.-1:v:{=k}",
                            "a:1.4294967296:v:{=k}",
                            "a:1.7:x:{=k}",
                            "a b:1.7:v:{=k}",
                            ":1.7:v:{=k}",
                            "user:1",
                            "app:1:user:7"}) {
    EXPECT_FALSE(parts_of(other).has_value()) << other;
  }
}

TEST(keys, HaveTheWrittenForm) {
  const key_space space{"products", 7};
  EXPECT_EQ(space.value_key("user:42"), "products:1.7:v:{=user:42}");
  EXPECT_EQ(space.refresh_mark_key("user:42"), "products:1.7:l:{=user:42}");
  EXPECT_EQ(space.wake_channel("user:42"), "products:1.7:w:{=user:42}");
  EXPECT_EQ(space.canary_key("ab-1"), "products:1.7:c:ab-1");
  EXPECT_EQ(space.value_key(""), "products:1.7:v:{=}");
  EXPECT_EQ(space.value_key("}"), "products:1.7:v:{=}}");
  EXPECT_EQ(key_space("a", 0xFFFFFFFFU).value_key("k"), "a:1.4294967295:v:{=k}");
  EXPECT_EQ(space.name(), "products");
  EXPECT_EQ(space.schema(), 7U);
}

TEST(keys, StandAsTheyAreUpToTwoHundredBytes) {
  const key_space space{"n", 1};
  const std::string key(200, '\xff');
  EXPECT_EQ(space.value_key(key), "n:1.1:v:{=" + key + "}");
}

TEST(keys, StandAsAHashWhenLonger) {
  const key_space space{"n", 1};
  EXPECT_EQ(space.value_key(std::string(201, 'a')), "n:1.1:v:{#qS79ghCTc-WPmiBW3uAegA}");
  // An example of FIPS 180: cdc76e5c 9914fb92 81a1c7e2 84d73e67 ...
  EXPECT_EQ(space.value_key(std::string(1'000'000, 'a')), "n:1.1:v:{#zcduXJkU-5KBocfihNc-Zw}");
}

TEST(keys, AreDifferentForDifferentKeys) {
  const key_space space{"n", 1};
  std::set<std::string> keys;
  std::set<std::string> names;
  const auto check = [&](const std::string& key) {
    const bool is_new = keys.insert(key).second;
    EXPECT_EQ(names.insert(space.value_key(key)).second, is_new);
  };
  for (const std::string& key : strange_keys()) check(key);
  base::seeded_random random{2};
  for (int i = 0; i < 20'000; ++i) check(random_key(random));
  EXPECT_GT(keys.size(), 5'000U);
}

TEST(keys, AreDifferentForALongKeyAndAShortOneThatLooksLikeItsHash) {
  const key_space space{"n", 1};
  const std::string name = space.value_key(std::string(1'000, 'a'));
  const std::size_t open = name.find('{');
  const std::string inside = name.substr(open + 1, name.size() - open - 2);
  ASSERT_EQ(inside.front(), '#');
  EXPECT_NE(space.value_key(inside), name);
  EXPECT_NE(space.value_key(inside.substr(1)), name);
}

TEST(keys, AreDifferentForDifferentNamesSchemasAndUses) {
  std::set<std::string> names;
  std::size_t count = 0;
  for (const char* name : {"a", "a.1", "a-v", "b", "1", "1.1"}) {
    for (const std::uint32_t schema : {0U, 1U, 11U, 12U}) {
      const key_space space{name, schema};
      for (const std::string& key : strange_keys()) {
        names.insert(space.value_key(key));
        names.insert(space.refresh_mark_key(key));
        names.insert(space.wake_channel(key));
        count += 3;
      }
      names.insert(space.canary_key("1-a"));
      ++count;
    }
  }
  EXPECT_EQ(names.size(), count);
}

TEST(keys, OfOneEntryShareTheirHashSlot) {
  // Slots as reported by `CLUSTER KEYSLOT`, to check the reference implementation.
  ASSERT_EQ(slot_of("123456789"), 0x31C3U % 16384);
  ASSERT_EQ(slot_of("foo{hash_tag}"), 2515U);

  const key_space space{"n", 1};
  const auto check = [&](const std::string& key) {
    const unsigned slot = slot_of(space.value_key(key));
    EXPECT_EQ(slot_of(space.refresh_mark_key(key)), slot);
    EXPECT_EQ(slot_of(space.wake_channel(key)), slot);
  };
  for (const std::string& key : strange_keys()) check(key);
  base::seeded_random random{3};
  for (int i = 0; i < 20'000; ++i) check(random_key(random));
}

TEST(keys, SpreadOverTheSlots) {
  const key_space space{"n", 1};
  std::set<unsigned> slots;
  for (int i = 0; i < 1000; ++i) slots.insert(slot_of(space.value_key(std::to_string(i))));
  EXPECT_GT(slots.size(), 900U);
}

TEST(keys, DigestIsThatOfNameSchemaAndKey) {
  const key_space space{"products", 7};
  for (const std::string& key : strange_keys()) {
    EXPECT_EQ(space.digest(key), digest_of("products", 7, key));
  }
}

TEST(names, AreLettersDigitsDotsDashesAndUnderscores) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(static_cast<unsigned char>(byte));
    const bool is_allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
    EXPECT_EQ(key_space::is_valid_name(std::string(1, c)), is_allowed) << byte;
    EXPECT_EQ(key_space::is_valid_name(std::string("a") + c), is_allowed) << byte;
    EXPECT_EQ(key_space::is_valid_name(c + std::string("a")), is_allowed) << byte;
  }
}

TEST(names, HaveOneToSixtyFourBytes) {
  EXPECT_FALSE(key_space::is_valid_name(""));
  EXPECT_TRUE(key_space::is_valid_name("a"));
  EXPECT_TRUE(key_space::is_valid_name(std::string(64, 'a')));
  EXPECT_FALSE(key_space::is_valid_name(std::string(65, 'a')));
}

/// Names a long key when the program ends.
struct last_caller {
  ~last_caller() {
    if (key_space("a", 0).value_key(std::string(300, 'k')) != named) std::_Exit(1);
  }
  std::string named;
};

// It is constructed before the first long key is named, so it is destroyed after everything that
// this sets up.
TEST(key_space_at_exit, StillNamesLongKeys) {
  const auto end = [] {
    static last_caller at_exit;
    at_exit.named = key_space("a", 0).value_key(std::string(300, 'k'));
    std::exit(0);
  };
  EXPECT_EXIT(end(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace drover::entry::keys_test
