// SPDX-License-Identifier: MIT
#include "text/typed_numbers.hpp"

#include <gtest/gtest.h>

#include "text/usage_error.hpp"

namespace drover::text::typed_numbers_test {
namespace {

using namespace std::chrono_literals;

template <class Parse>
std::string complaint_of(const Parse& parse) {
  try {
    static_cast<void>(parse());
  } catch (const usage_error& error) {
    return error.what();
  }
  return "";
}

TEST(typed_numbers, ReadTimesWithAndWithoutUnit) {
  const auto parse = [](const char* text) { return typed_time("--ttl", text, 1ms, 24h); };
  EXPECT_EQ(parse("500ms"), 500ms);
  EXPECT_EQ(parse("2"), 2s);
  EXPECT_EQ(parse("2s"), 2s);
  EXPECT_EQ(parse("0.5s"), 500ms);
  EXPECT_EQ(parse("5m"), 5min);
  EXPECT_EQ(parse("24h"), 24h);
}

TEST(typed_numbers, SayWhichOptionWhatWasTypedAndWhatCanBeGiven) {
  for (const char* text : {"", "s", "-1s", "25h", "0", "1d", "1 s", "nan", "1e3s", "1.2.3s"}) {
    const std::string message = complaint_of([&] { return typed_time("--ttl", text, 1ms, 24h); });
    EXPECT_NE(message.find("--ttl '" + std::string{text} + "'"), std::string::npos) << text;
    EXPECT_NE(message.find("from 1ms to 24h"), std::string::npos) << message;
  }
  for (const char* text : {"", "0", "33", "4x", "-1", "1.5", "99999999999999999999999"}) {
    EXPECT_EQ(complaint_of([&] { return typed_number("--processes", text, 1, 32); }),
              "--processes '" + std::string{text} + "': must be an integer from 1 to 32");
  }
}

TEST(typed_numbers, AcceptTheirLimits) {
  EXPECT_EQ(typed_number("--processes", "1", 1, 32), 1U);
  EXPECT_EQ(typed_number("--processes", "32", 1, 32), 32U);
  EXPECT_EQ(typed_number("--seed", "18446744073709551615", 0, UINT64_MAX), UINT64_MAX);
}

TEST(typed_numbers, SplitListsAtCommas) {
  EXPECT_EQ(typed_list("--strategy", "a"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(typed_list("--strategy", "a,b-c,d"), (std::vector<std::string>{"a", "b-c", "d"}));
  for (const char* text : {"", ",", "a,", ",a", "a,,b"}) {
    EXPECT_FALSE(complaint_of([&] { return typed_list("--strategy", text); }).empty()) << text;
  }
}

}  // namespace
}  // namespace drover::text::typed_numbers_test
