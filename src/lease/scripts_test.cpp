// SPDX-License-Identifier: MIT
#include "lease/scripts.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "lease/sha1.hpp"

namespace drover::lease {
namespace {

TEST(scripts, StandInTheOrderOfTheirIdsUnderNamesOfTheirOwn) {
  std::set<std::string_view> names;
  std::set<std::string_view> sums;
  for (std::size_t i = 0; i < scripts().size(); ++i) {
    const script& each = scripts()[i];
    EXPECT_EQ(static_cast<std::size_t>(each.id), i);
    EXPECT_EQ(&script_of(each.id), &each);
    names.insert(each.name);
    sums.insert(each.sha1);
  }
  EXPECT_EQ(names.size(), 10U);
  EXPECT_EQ(sums.size(), 10U);
}

TEST(scripts, AreNamedByTheSumOfTheirText) {
  for (const script& each : scripts()) {
    const sha1_digits sum = sha1_of(each.text);
    EXPECT_EQ(each.sha1, std::string_view(sum.data(), sum.size())) << each.name;
  }
}

TEST(scripts, DeclareOneKeyAndTouchNoOther) {
  for (const script& each : scripts()) {
    EXPECT_NE(each.text.find("KEYS[1]"), std::string_view::npos) << each.name;
    EXPECT_EQ(each.text.find("KEYS[2]"), std::string_view::npos) << each.name;
  }
}

TEST(scripts, ReadAValueKeyAgainAfterEachWrite) {
  for (const script& each : scripts()) {
    if (each.text.find("GETRANGE") == std::string_view::npos) continue;
    std::size_t writes = 0;
    for (const std::string_view write : {"'SET'", "'SETRANGE'", "'DEL'"}) {
      for (std::size_t at = each.text.find(write); at != std::string_view::npos;
           at = each.text.find(write, at + 1)) {
        ++writes;
        EXPECT_NE(each.text.find("redis.call('EXISTS',V)", at), std::string_view::npos);
      }
    }
    EXPECT_GT(writes, 0U) << each.name;
  }
}

}  // namespace
}  // namespace drover::lease
