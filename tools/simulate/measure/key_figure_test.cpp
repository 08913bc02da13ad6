// SPDX-License-Identifier: MIT
#include "simulate/measure/key_figure.hpp"

#include <gtest/gtest.h>

namespace drover::simulate::key_figure_test {
namespace {

using namespace std::chrono_literals;

measurement busy() {
  measurement measured;
  measured.calls = 100;
  measured.queries_per_event = {1, 7, 2};
  measured.queries_total = 10;
  measured.queries_running_max = 8;
  measured.errors = 3;
  measured.stale_reads = 5'360;
  return measured;
}

TEST(key_figure, IsTheNumberThatTheRuleNames) {
  const measurement measured = busy();
  const auto number = [&](figure kind) {
    return key_figure_of(measured, {.kind = kind}, {}).number;
  };
  EXPECT_EQ(number(figure::queries_per_event), 7U);
  EXPECT_EQ(number(figure::queries_total), 10U);
  EXPECT_EQ(number(figure::queries_at_once), 8U);
  EXPECT_EQ(number(figure::failed_calls), 3U);
  EXPECT_EQ(number(figure::stale_reads), 5'360U);
}

TEST(key_figure, IsGoodUpToTheRulesNumber) {
  const measurement measured = busy();
  const auto is_good = [&](const figure_rule& rule) {
    return key_figure_of(measured, rule, {.processes = 4}).is_good;
  };
  EXPECT_FALSE(is_good({.kind = figure::stale_reads, .good_max = 0}));
  EXPECT_TRUE(is_good({.kind = figure::queries_per_event, .good_max = 7}));
  EXPECT_FALSE(is_good({.kind = figure::queries_per_event, .good_max = 6}));
  EXPECT_FALSE(is_good({.kind = figure::queries_at_once, .good_max = 2}));
  EXPECT_TRUE(
      is_good({.kind = figure::queries_at_once, .good_max = 2, .unit = figure_unit::process}));
}

TEST(key_figure, MayBeJudgedByAnEvenSpreadOfTheLoads) {
  measurement measured;
  measured.queries_running_max = 34;
  const figure_rule rule{
      .kind = figure::queries_at_once, .good_max = 2, .unit = figure_unit::even_spread};
  const figure_scale scale{.ttl = 3s, .load = 50ms, .keys = 1'000};  // 16.7 on average
  EXPECT_TRUE(key_figure_of(measured, rule, scale).is_good);
  measured.queries_running_max = 35;
  EXPECT_FALSE(key_figure_of(measured, rule, scale).is_good);
}

TEST(key_figure, IsNotGoodWhenNoCallWasAnswered) {
  measurement measured = busy();
  measured.queries_per_event = {1};
  measured.errors = 60;
  measured.calls_lost = 40;
  EXPECT_FALSE(key_figure_of(measured, {}, {}).is_good);
  measured.errors = 59;
  EXPECT_TRUE(key_figure_of(measured, {}, {}).is_good);
}

TEST(key_figure, CountsCallsThatTookLongerThanTheTtlOrWereNotServed) {
  measurement measured;
  measured.calls = 5;
  measured.calls_refused = 10;
  measured.calls_lost = 1;
  measured.calls_logged = {
      {.begun = 1s, .ended = 3s, .outcome = answer::value},
      {.begun = 1s, .ended = 3s + 1ns, .outcome = answer::value},
      {.begun = 1s, .ended = 9s, .outcome = answer::value, .is_disturbed = true},
      {.begun = 1s, .ended = 9s, .outcome = answer::none},
  };
  EXPECT_EQ(key_figure_of(measured, {.kind = figure::late_calls}, {.ttl = 2s}).number, 12U);
}

TEST(key_figure, HasAUnitForOneAndForMany) {
  EXPECT_EQ(unit_of({.kind = figure::stale_reads, .number = 1}), "stale read");
  EXPECT_EQ(unit_of({.kind = figure::stale_reads, .number = 0}), "stale reads");
  EXPECT_EQ(unit_of({.kind = figure::queries_per_event, .number = 1}), "query");
}

}  // namespace
}  // namespace drover::simulate::key_figure_test
