// SPDX-License-Identifier: MIT
#include "simulate/strategies/stamped_text.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace drover::simulate::stamped_text_test {
namespace {

TEST(simulate_stamped_text, ComesBackAsItWasWritten) {
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  for (const stamped_text& stamped :
       {stamped_text{1, 2, "text"}, stamped_text{0, -1, ""}, stamped_text{least, most, "a\n\n1 2"},
        stamped_text{5, 6, std::string{"\0\xff", 2}}}) {
    EXPECT_EQ(read_stamped(write_stamped(stamped)), stamped);
  }
}

TEST(simulate_stamped_text, IsNothingElse) {
  for (const std::string_view bytes :
       {"", "1", "1 ", "1 2", "1\n2\n", "1  2\n", " 1 2\n", "a 2\n", "1 b\n", "1 2 \ntext",
        "99999999999999999999 1\n", "+1 2\n"}) {
    EXPECT_EQ(read_stamped(bytes), std::nullopt) << bytes;
  }
}

}  // namespace
}  // namespace drover::simulate::stamped_text_test
