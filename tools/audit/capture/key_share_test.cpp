// SPDX-License-Identifier: MIT
#include "audit/capture/key_share.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace drover::audit::key_share_test {
namespace {

std::string common_part(std::string_view name) {
  std::string part;
  set_common_part(name, part);
  return part;
}

void expect_together(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    EXPECT_EQ(common_part(name), common_part(names.front())) << name << " and " << names.front();
    EXPECT_EQ(place_of(name, false), place_of(names.front(), false));
  }
}

TEST(audit_key_share, KeepsAValueTogetherWithItsLockAndMetadata) {
  expect_together({"user:42", "lock:user:42", "user:42:lock", "user:42:meta", "user42", "lock:42"});
  expect_together({"shop:v1:product:7:page:3", "shop:v1:product:7:page:3:lock"});
  expect_together({"news/front", "lock/news/front", "news/front:created", "news/front.MUTEX"});
  expect_together({"{user:42}:value", "lock:{user:42}", "user:42"});
  expect_together({"item:9f86d081884c7d65", "item:9F86D081884C7D65:lock"});
  expect_together(
      {"t:0b2f1c9a-74f5-4a0c-a4f1-0c9d2b1a7e55", "mutex:t:0b2f1c9a-74f5-4a0c-a4f1-0c9d2b1a7e55"});
}

TEST(audit_key_share, TellsTheIdsOfOnePatternApart) {
  EXPECT_NE(common_part("user:42"), common_part("user:43"));
  EXPECT_NE(common_part("tenant1:user2"), common_part("tenant2:user1"));
  EXPECT_NE(common_part("{shop}:user:42"), common_part("{shop}:user:43"))
      << "a tag of all keys selects nothing";
  EXPECT_NE(common_part("page:red-shoes"), common_part("page:blue-shoes"));
  EXPECT_NE(common_part("h:9f86d081"), common_part("h:86081"));
}

TEST(audit_key_share, HasAPartOfEachName) {
  for (const char* name : {"", "lock", "{}", "{", "::", "v2", "lock:meta"}) {
    EXPECT_EQ(common_part(name).empty(), std::string_view{name}.empty()) << name;
  }
}

TEST(audit_key_share, SelectsTheShareOfTheKeys) {
  constexpr int count = 20'000;
  for (const std::uint32_t share : {10'000U, 100'000U, 500'000U}) {
    int selected = 0;
    for (int id = 0; id < count; ++id) {
      const std::uint32_t place = place_of("user:" + std::to_string(id), false);
      if (!in_share(place, share)) continue;
      ++selected;
      EXPECT_TRUE(in_share(place, share * 2)) << "a smaller share is a part of a larger one";
    }
    EXPECT_NEAR(selected, count * (share / 1e6), count * 0.02) << share;
  }
  EXPECT_TRUE(in_share(0xffff'ffff, all_keys));
  EXPECT_FALSE(in_share(0, 0));
}

TEST(audit_key_share, ReadsThePlaceOfAHiddenNameFromItsHash) {
  EXPECT_EQ(place_of("0123456789abcdef:fedcba9800000000", true), 0xfedcba98U);
  EXPECT_EQ(place_of("0123456789abcdef:fedcba98ffffffff", true), 0xfedcba98U);
  static_cast<void>(place_of("", true));
  static_cast<void>(place_of("xyz", true));
}

}  // namespace
}  // namespace drover::audit::key_share_test
