// SPDX-License-Identifier: MIT
#include "lease/scripts.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "lease/sha1.hpp"

namespace drover::lease::scripts_test {
namespace {

TEST(scripts, StandInTheOrderOfTheirIdsUnderNamesOfTheirOwn) {
  std::set<std::string_view> names;
  std::set<std::string_view> sums;
  for (std::size_t i = 0; i < scripts().size(); ++i) {
    const script& known = scripts()[i];
    EXPECT_EQ(static_cast<std::size_t>(known.id), i);
    EXPECT_EQ(&script_of(known.id), &known);
    names.insert(known.name);
    sums.insert(known.sha1);
  }
  EXPECT_EQ(names.size(), 10U);
  EXPECT_EQ(sums.size(), 10U);
}

TEST(scripts, AreNamedByTheSumOfTheirText) {
  for (const script& known : scripts()) {
    const sha1_digits sum = sha1_of(known.text);
    EXPECT_EQ(known.sha1, std::string_view(sum.data(), sum.size())) << known.name;
  }
}

TEST(scripts, DeclareOneKeyAndTouchNoOther) {
  for (const script& known : scripts()) {
    EXPECT_NE(known.text.find("KEYS[1]"), std::string_view::npos) << known.name;
    EXPECT_EQ(known.text.find("KEYS[2]"), std::string_view::npos) << known.name;
  }
}

TEST(scripts, ReadAValueKeyAgainAfterEachWrite) {
  for (const script& known : scripts()) {
    if (known.text.find("GETRANGE") == std::string_view::npos) continue;
    std::size_t writes = 0;
    for (const std::string_view write : {"'SET'", "'SETRANGE'", "'DEL'"}) {
      for (std::size_t at = known.text.find(write); at != std::string_view::npos;
           at = known.text.find(write, at + 1)) {
        ++writes;
        EXPECT_NE(known.text.find("redis.call('EXISTS',V)", at), std::string_view::npos);
      }
    }
    EXPECT_GT(writes, 0U) << known.name;
  }
}

}  // namespace
}  // namespace drover::lease::scripts_test
