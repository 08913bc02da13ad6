// SPDX-License-Identifier: MIT
#include "simulate/measure/expectation.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

namespace drover::simulate::expectation_test {
namespace {

using namespace std::chrono_literals;

measurement some_numbers() {
  measurement measured;
  measured.queries_per_event = {1, 7, 2};
  measured.queries_total = 10;
  measured.errors = 3;
  measured.stale_reads = 4;
  measured.wrong_values = 5;
  measured.calls_refused = 6;
  measured.calls_lost = 8;
  measured.wait = {.p50 = 1ms, .p99 = 20ms, .max = 30ms};
  measured.lag = {.p50 = 0ms, .p99 = 2ms, .max = 2500us};
  return measured;
}

bool is_met(const std::string& text, const measurement& measured = some_numbers()) {
  const expectations parsed = parse_expectations(text);
  EXPECT_EQ(parsed.error, "") << text;
  bool all = !parsed.conditions.empty();
  for (const check& condition : evaluate(parsed.conditions, measured))
    all = all && condition.is_met;
  return all;
}

std::string error_of(const std::string& text) { return parse_expectations(text).error; }

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(expectation, ComparesEveryNumberThatItKnows) {
  for (const char* const text :
       {"queries-per-event=7", "queries-total=10", "errors=3", "stale-reads=4", "wrong-values=5",
        "refused=6", "lost=8", "wait-ms=30", "wait-p99-ms=20", "lag-ms=2.5"}) {
    EXPECT_TRUE(is_met(text)) << text;
    EXPECT_FALSE(is_met(std::string{text} + "1")) << text;
  }
}

TEST(expectation, KnowsNothingThatNoTestCompares) { EXPECT_EQ(all_expectable().size(), 10U); }

TEST(expectation, HasEveryComparisonWithItsEdges) {
  EXPECT_TRUE(is_met("errors==3"));
  EXPECT_TRUE(is_met("errors<=3"));
  EXPECT_TRUE(is_met("errors>=3"));
  EXPECT_FALSE(is_met("errors<3"));
  EXPECT_FALSE(is_met("errors>3"));
  EXPECT_TRUE(is_met("errors<4"));
  EXPECT_TRUE(is_met("errors>2.9"));
}

TEST(expectation, TakesSeveralAndBlanksAndKeepsTheirOrder) {
  const auto parsed = parse_expectations(" errors = 0 ,\tlag-ms<= 10.5");
  ASSERT_EQ(parsed.conditions.size(), 2U);
  EXPECT_EQ(parsed.conditions[0].text, "errors=0");
  EXPECT_EQ(parsed.conditions[1].text, "lag-ms<=10.5");
  const auto checks = evaluate(parsed.conditions, some_numbers());
  EXPECT_FALSE(checks[0].is_met);
  EXPECT_EQ(checks[0].actual, "3");
  EXPECT_TRUE(checks[1].is_met);
  EXPECT_EQ(checks[1].actual, "2.500 ms");
}

TEST(expectation, HoldsNoEventForNoQueries) {
  EXPECT_FALSE(is_met("queries-per-event=1", measurement{}));
  EXPECT_TRUE(is_met("queries-per-event=0", measurement{}));
}

TEST(expectation, NamesWhatItDoesNotUnderstandAndWhatItKnows) {
  EXPECT_TRUE(has(error_of("quries=1"), "'quries'"));
  EXPECT_TRUE(has(error_of("quries=1"), "queries-per-event, queries-total"));
  EXPECT_TRUE(has(error_of("errors"), "'errors' has no comparison"));
  EXPECT_TRUE(has(error_of("errors!=0"), "invalid comparison in 'errors!=0'"));
  EXPECT_TRUE(has(error_of("errors=<1"), "not a number in 'errors=<1': '<1'"));
  EXPECT_TRUE(has(error_of(""), "a condition is missing"));
  EXPECT_TRUE(has(error_of("errors=0,"), "a condition is missing"));
  EXPECT_TRUE(has(error_of("errors=0,,lost=0"), "a condition is missing"));
}

TEST(expectation, TakesOnlyPlainNumbers) {
  for (const char* const text : {"", "-1", "+1", "nan", "inf", "1e3", "0x10", "1.2.3", ".", "1 2",
                                 "9999999999999999999999"}) {
    EXPECT_NE(error_of("errors=" + std::string{text}), "") << text;
  }
}

TEST(expectation, EitherUnderstandsOrSaysWhyWhateverTheText) {
  std::mt19937 random{20260101};
  const std::string alphabet = "errors-lost=<>!,. 0123456789\t\xff\0wait-ms";
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    const std::size_t length = random() % 24;
    while (text.size() < length) text += alphabet[random() % alphabet.size()];
    const expectations parsed = parse_expectations(text);
    EXPECT_EQ(parsed.error.empty(), !parsed.conditions.empty()) << text;
    EXPECT_EQ(evaluate(parsed.conditions, some_numbers()).size(), parsed.conditions.size());
  }
}

TEST(expectation, OfOneNumberExactlyOneOfLessEqualAndMoreHolds) {
  std::mt19937 random{7};
  for (int i = 0; i < 300; ++i) {
    measurement measured;
    measured.errors = random() % 5;
    const std::string number = std::to_string(random() % 5);
    const bool less = is_met("errors<" + number, measured);
    const bool equal = is_met("errors=" + number, measured);
    const bool more = is_met("errors>" + number, measured);
    EXPECT_EQ(less + equal + more, 1);
    EXPECT_EQ(is_met("errors<=" + number, measured), less || equal);
    EXPECT_EQ(is_met("errors>=" + number, measured), more || equal);
  }
}

TEST(simulation_result, IsMetOnlyWhenEveryCheckOfEveryRoundIs) {
  const auto with = [](bool first, bool second) {
    strategy_result result;
    result.checks = {{"errors=0", first, "0"}, {"lost=0", true, "0"}};
    strategy_result other;
    other.checks = {{"errors=0", second, "0"}};
    simulation all;
    all.rounds.resize(2);
    all.rounds[0].strategies = {result};
    all.rounds[1].strategies = {{}, other};
    return all.is_met();
  };
  EXPECT_TRUE(with(true, true));
  EXPECT_FALSE(with(false, true));
  EXPECT_FALSE(with(true, false));
}

}  // namespace
}  // namespace drover::simulate::expectation_test
