// SPDX-License-Identifier: MIT
#include "long_run/long_run.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "long_run/long_run_value.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Loads that are long against the ttl, so that every effect of a load that runs is large.
long_run_request coarse(double hours) {
  long_run_request asked;
  asked.ttl = 10s;
  asked.load = 250ms;
  asked.beta = 2.0;
  asked.rates = {0.5, 5.0, 60.0};
  asked.hours = hours;
  return asked;
}

long_run_row only_row(renewal rule, double rate, double hours) {
  long_run_request asked;
  asked.rules = {rule};
  asked.rates = {rate};
  asked.hours = hours;
  return run_long(asked).at(0);
}

std::string label(const long_run_row& row) {
  return std::string{name_of(row.rule)} + " at " + std::to_string(row.rate) + "/s";
}

std::vector<const long_run_figure*> figures_of(const long_run_row& row) {
  return {&row.queries_per_hour, &row.interval, &row.loads_per_cycle,
          &row.missed,           &row.waited,   &row.lead};
}

// What the standard error does not cover: a share so near to 0 or 1 that no cycle showed the
// difference, and the curve's own error.
double slack_of(const long_run_row& row, const long_run_figure* figure) {
  const bool is_share = figure == &row.missed || figure == &row.waited;
  return is_share ? 5.0 / static_cast<double>(row.cycles) : 1e-4 * figure->curve;
}

// What an independent simulation found for ttl 300 s, load 50 ms, beta 1; nan: it says nothing.
struct cell {
  renewal rule;
  double rate;
  double hours;
  double interval, queries_per_hour, loads_per_cycle, missed, lead;
};

constexpr cell published[] = {
    {renewal::ttl, 1.0, 2e3, 301.0, 12.5, 1.05, nan, nan},
    {renewal::ttl, 10.0, 2e3, 300.2, 18.1, 1.51, nan, nan},
    {renewal::ttl, 100.0, 2e3, 300.1, 71.9, 6.0, nan, nan},
    {renewal::ttl, 1000.0, 2e3, 300.1, 607.0, 50.6, nan, nan},
    {renewal::ttl_lease, 1.0, 2e3, nan, 12.0, 1.0, nan, nan},
    {renewal::ttl_lease, 10.0, 2e3, nan, 12.0, 1.0, nan, nan},
    {renewal::ttl_lease, 100.0, 2e3, nan, 12.0, 1.0, nan, nan},
    {renewal::ttl_lease, 1000.0, 2e3, nan, 12.0, 1.0, nan, nan},
    {renewal::xfetch, 1.0, 6e4, 301.0, 12.5, 1.05, 0.95, 0.0025},
    {renewal::xfetch, 10.0, 2e3, 300.1, 17.0, 1.42, 0.60, 0.022},
    // Shown as 0.7 %, rounded; that is exp(-5).
    {renewal::xfetch, 100.0, 6e4, 300.0, 31.2, 2.60, 0.006738, 0.109},
    {renewal::xfetch, 1000.0, 2e3, 299.9, 33.2, 2.76, 0.0, 0.224},
    {renewal::drover, 1.0, 2e3, nan, 12.0, 1.0, nan, nan},
    {renewal::drover, 10.0, 2e3, nan, 12.0, 1.0, nan, nan},
    {renewal::drover, 100.0, 2e3, nan, 12.0, 1.0, nan, nan},
    {renewal::drover, 1000.0, 2e3, nan, 12.0, 1.0, nan, nan},
    {renewal::xfetch_age, 1.0, 500, 75.9, 47.5, nan, nan, nan},
    {renewal::xfetch_age, 10.0, 500, 53.0, 68.3, nan, nan, nan},
    {renewal::xfetch_age, 100.0, 500, 40.1, 90.6, nan, nan, nan},
    {renewal::xfetch_age, 1000.0, 500, 32.0, 114.0, nan, nan, nan},
};

void expect_close(const long_run_figure& figure, double wanted, const char* what) {
  if (std::isnan(wanted)) return;
  EXPECT_NEAR(figure.found, wanted, 0.05 * wanted) << what;
  EXPECT_NEAR(figure.curve, wanted, 0.05 * wanted + 1e-9) << what;
  EXPECT_LE(figure.error, 0.015 * wanted) << what << ": too few cycles to say anything";
}

TEST(long_run, FindsThePublishedFiguresWithinFivePercent) {
  for (const cell& each : published) {
    const long_run_row row = only_row(each.rule, each.rate, each.hours);
    SCOPED_TRACE(label(row));
    expect_close(row.interval, each.interval, "interval");
    expect_close(row.queries_per_hour, each.queries_per_hour, "queries per hour");
    expect_close(row.loads_per_cycle, each.loads_per_cycle, "loads per cycle");
    expect_close(row.missed, each.missed, "missed");
    expect_close(row.lead, each.lead, "lead");
  }
}

TEST(long_run, LoadsWithoutALeaseApproachTheInverseOfBetaAsAPowerOfE) {
  for (const double beta : {0.5, 1.0, 2.0, 4.0}) {
    long_run_request asked;
    asked.rules = {renewal::xfetch};
    asked.rates = {1000.0};
    asked.beta = beta;
    asked.hours = 2000.0;
    const long_run_row row = run_long(asked).at(0);
    EXPECT_NEAR(row.loads_per_cycle.found, std::exp(1.0 / beta), 0.05 * std::exp(1.0 / beta));
    EXPECT_LT(row.loads_per_cycle.error, 0.01 * std::exp(1.0 / beta));
  }
}

TEST(long_run, AgreesWithTheCurveWithinItsStandardError) {
  for (const long_run_row& row : run_long(coarse(100.0))) {
    SCOPED_TRACE(label(row));
    for (const long_run_figure* each : figures_of(row)) {
      EXPECT_NEAR(each->found, each->curve, 4.0 * each->error + slack_of(row, each));
    }
  }
}

TEST(long_run, SkippingRequestsThatCannotMatterChangesNoFigure) {
  long_run_request asked = coarse(8.0);
  const std::vector<long_run_row> skipping = run_long(asked);
  asked.draws_every_request = true;
  asked.seed = 2;
  const std::vector<long_run_row> drawing = run_long(asked);
  ASSERT_EQ(skipping.size(), drawing.size());
  for (std::size_t i = 0; i < skipping.size(); ++i) {
    SCOPED_TRACE(label(skipping[i]));
    const auto some = figures_of(skipping[i]);
    const auto all = figures_of(drawing[i]);
    for (std::size_t k = 0; k < some.size(); ++k) {
      const double error = std::hypot(some[k]->error, all[k]->error);
      const double slack = 2.0 * slack_of(skipping[i], some[k]);
      EXPECT_NEAR(some[k]->found, all[k]->found, 4.0 * error + slack);
    }
  }
}

TEST(long_run, NoRequestWithADrawAboveTheCeilingIsDueUpToThen) {
  base::seeded_random random{3};
  const long_run_request asked = coarse(1.0);
  for (const renewal rule : all_renewals()) {
    long_run_value value{rule, asked};
    value.store(1234.5678);
    for (int i = 0; i < 20'000; ++i) {
      const double now = 1234.5678 + random.next_unit() * (value.end() - 1234.5678);
      const double ceiling = value.ceiling(now);
      const double unit = ceiling * (1.0 + 1e-9) + random.next_unit() * 1e-3;
      if (unit > 1.0) continue;
      EXPECT_FALSE(value.is_due(now, unit)) << name_of(rule);
      EXPECT_FALSE(value.is_due(now - 1e-3 * random.next_unit(), unit)) << name_of(rule);
    }
  }
}

TEST(long_run, TheCeilingIsNoHigherThanItMustBe) {
  const long_run_request asked = coarse(1.0);
  for (const renewal rule : {renewal::xfetch, renewal::drover, renewal::xfetch_age}) {
    long_run_value value{rule, asked};
    value.store(100.0);
    const double now = value.end() - 0.5;
    EXPECT_TRUE(value.is_due(now, value.ceiling(now) * 0.99)) << name_of(rule);
  }
}

TEST(long_run, DroverCountsTheTtlFromTheStartOfTheLoad) {
  const long_run_request asked = coarse(1.0);
  long_run_value drover{renewal::drover, asked};
  long_run_value paper{renewal::xfetch, asked};
  drover.store(100.0);
  paper.store(100.0);
  EXPECT_DOUBLE_EQ(drover.end(), 109.75);
  EXPECT_DOUBLE_EQ(paper.end(), 110.0);
}

TEST(long_run, ALeaseMeansOneLoadInEachCycle) {
  long_run_request asked = coarse(50.0);
  asked.rules = {renewal::ttl_lease, renewal::drover};
  for (const long_run_row& row : run_long(asked)) EXPECT_EQ(row.loads, row.cycles) << label(row);
}

TEST(long_run, CountsWholeCyclesOfTheHoursAskedFor) {
  for (const long_run_row& row : run_long(coarse(30.0))) {
    EXPECT_NEAR(row.hours, 30.0, 0.02) << label(row);
    EXPECT_NEAR(static_cast<double>(row.loads), row.queries_per_hour.found * row.hours, 1e-3);
    EXPECT_NEAR(static_cast<double>(row.cycles) * row.interval.found, row.hours * 3600.0, 1e-3);
  }
}

TEST(long_run, TooShortForACycleFindsNothing) {
  long_run_request asked;
  asked.hours = 0.01;
  asked.rules = {renewal::ttl};
  asked.rates = {1.0};
  const long_run_row row = run_long(asked).at(0);
  EXPECT_EQ(row.cycles, 0U);
  EXPECT_EQ(row.queries_per_hour.found, 0.0);
  EXPECT_GT(row.queries_per_hour.curve, 0.0);
  EXPECT_FALSE(long_run_text(asked, {row}).empty());
}

TEST(long_run, IsAFunctionOfItsRequest) {
  long_run_request asked = coarse(5.0);
  const std::vector<long_run_row> rows = run_long(asked);
  EXPECT_EQ(run_long(asked), rows);

  asked.rules = {renewal::drover};
  asked.rates = {60.0};
  const std::vector<long_run_row> alone = run_long(asked);
  EXPECT_NE(std::find(rows.begin(), rows.end(), alone.at(0)), rows.end())
      << "a row depends on the others in the list";

  asked.seed = 2;
  EXPECT_NE(run_long(asked), alone);
}

TEST(long_run, RowsComeByRuleThenByRate) {
  long_run_request asked = coarse(0.1);
  asked.rules = {renewal::drover, renewal::ttl};
  asked.rates = {5.0, 1.0};
  const std::vector<long_run_row> rows = run_long(asked);
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(label(rows[0]).substr(0, 19), "drover-strict at 5.");
  EXPECT_EQ(label(rows[1]).substr(0, 19), "drover-strict at 1.");
  EXPECT_EQ(label(rows[2]).substr(0, 9), "ttl at 5.");
  EXPECT_EQ(label(rows[3]).substr(0, 9), "ttl at 1.");
}

TEST(long_run, TheWatcherHearsOfEveryRowAndMayEndTheRun) {
  const long_run_request asked = coarse(50.0);
  std::size_t told = 0;
  std::size_t last = 0;
  const auto rows = run_long(asked, [&](const long_run_progress& now) {
    EXPECT_EQ(now.rows, 15U);
    EXPECT_GE(now.share, 0.0);
    EXPECT_LT(now.share, 1.0);
    EXPECT_LE(now.rows_done, last + 1);
    last = now.rows_done;
    ++told;
    return true;
  });
  EXPECT_EQ(rows.size(), 15U);
  EXPECT_EQ(last, 14U);
  EXPECT_GT(told, 15U);

  const auto cut = run_long(asked, [](const long_run_progress& now) { return now.rows_done < 2; });
  EXPECT_EQ(cut.size(), 2U);
  EXPECT_TRUE(std::equal(cut.begin(), cut.end(), rows.begin()));
}

TEST(long_run, SaysWhatIsWrongWithARequest) {
  EXPECT_EQ(fault_in({}), std::nullopt);
  EXPECT_EQ(fault_in(coarse(1.0)), std::nullopt);
  const auto faulty = [](auto change) {
    long_run_request asked;
    change(asked);
    return fault_in(asked).value_or("");
  };
  using request = long_run_request&;
  EXPECT_EQ(faulty([](request of) { of.rules.clear(); }), "there must be a rule and a rate");
  EXPECT_NE(faulty([](request of) { of.rates.clear(); }), "");
  EXPECT_NE(faulty([](request of) { of.rates = {0.0}; }), "");
  EXPECT_NE(faulty([](request of) { of.rates = {10.0, nan}; }), "");
  EXPECT_NE(faulty([](request of) { of.ttl = 999ms; }), "");
  EXPECT_NE(faulty([](request of) { of.ttl = std::chrono::milliseconds::max(); }), "");
  EXPECT_NE(faulty([](request of) { of.load = 0us; }), "");
  EXPECT_NE(faulty([](request of) { of.load = 15'001ms; }), "");
  EXPECT_NE(faulty([](request of) { of.load = std::chrono::microseconds::max(); }), "");
  EXPECT_NE(faulty([](request of) { of.load = 8s, of.beta = 2.0; }), "");
  EXPECT_NE(faulty([](request of) { of.beta = 0.0; }), "");
  EXPECT_NE(faulty([](request of) { of.beta = nan; }), "");
  EXPECT_NE(faulty([](request of) { of.hours = 0.0; }), "");
  EXPECT_NE(faulty([](request of) { of.load = 15s, of.rates = {1e5}; }), "");
}

TEST(long_run, TheTableFitsAndNamesEveryRule) {
  long_run_request asked;
  asked.hours = 20.0;
  asked.rates = {0.5, 1000.0};
  const std::string text = long_run_text(asked, run_long(asked));
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 80U) << line;
    EXPECT_TRUE(line.empty() || line.back() != ' ') << line;
  }
  for (const renewal rule : all_renewals()) {
    EXPECT_NE(text.find(title_of(rule)), std::string::npos) << name_of(rule);
  }
  EXPECT_EQ(text.substr(0, 56), "One key in virtual time: ttl 300 s, load 50 ms, beta 1.\n");
  EXPECT_NE(text.find("\n    0.5 "), std::string::npos);
  EXPECT_NE(text.find("\n   1000     6"), std::string::npos) << text;
  EXPECT_EQ(text.back(), '\n');
}

TEST(long_run, TheTableSaysWhatTheArticlesFaultCosts) {
  long_run_request asked;
  long_run_row leased;
  leased.rule = renewal::ttl_lease;
  leased.rate = 10.0;
  leased.queries_per_hour.found = 12.0;
  long_run_row with_age = leased;
  with_age.rule = renewal::xfetch_age;
  with_age.queries_per_hour.found = 66.0;
  EXPECT_NE(long_run_text(asked, {leased, with_age}).find("5.5 to 5.5 times the queries"),
            std::string::npos);
  leased.rate = 1.0;
  EXPECT_EQ(long_run_text(asked, {leased, with_age}).find("times the queries"), std::string::npos);
}

}  // namespace
}  // namespace drover::simulate
