// SPDX-License-Identifier: MIT
#include "long_run/long_run_curve.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <numbers>

#include "long_run/long_run_quadrature.hpp"

namespace drover::simulate {
namespace {

using namespace std::chrono_literals;

constexpr double rates[] = {1.0, 10.0, 100.0, 1000.0};

// The integral of (1 - exp(-t)) / t from 0 to z, by the exponential integral.
double ein(double z) { return -std::expint(-z) + std::log(z) + std::numbers::egamma; }

TEST(long_run_quadrature, IsExactForPolynomialsUpToTheNinthDegree) {
  const auto power = [](int n) { return [n](double x) { return std::pow(x, n); }; };
  for (int n = 0; n <= 9; ++n) {
    EXPECT_NEAR(integral(power(n), 0.0, 2.0, 1), std::pow(2.0, n + 1) / (n + 1), 1e-11) << n;
  }
  EXPECT_GT(std::abs(integral(power(10), 0.0, 2.0, 1) - std::pow(2.0, 11) / 11.0), 1e-6);
}

TEST(long_run_quadrature, GradedPanelsCatchWhatIsNearTheBeginning) {
  const auto narrow = [](double x) { return std::exp(-x / 1e-3); };
  EXPECT_NEAR(graded_integral(narrow, 0.0, 300.0, 1e-3, 8), 1e-3, 1e-12);
  EXPECT_EQ(graded_integral(narrow, 2.0, 2.0, 1e-3, 8), 0.0);
  EXPECT_NEAR(graded_integral([](double) { return 2.0; }, 1.0, 4.0, 0.7, 1), 6.0, 1e-12);
}

TEST(long_run_curve, LoadsOfAPlainTtlAreOneAndThoseThatComeMeanwhile) {
  for (const double rate : rates) {
    const long_run_point at = curve_at(renewal::ttl, {}, rate);
    const double window = (1.0 - std::exp(-rate * 0.05)) / rate;
    EXPECT_NEAR(at.loads_per_cycle, 1.0 + rate * 0.05, 1e-9);
    EXPECT_NEAR(at.interval, 300.0 + 1.0 / rate + 0.05 + (0.05 - window), 1e-9);
    EXPECT_NEAR(at.queries_per_hour, 3600.0 * at.loads_per_cycle / at.interval, 1e-9);
    EXPECT_EQ(at.missed, 1.0);
    EXPECT_EQ(at.waited, 1.0);
    EXPECT_EQ(at.lead, 0.0);
  }
}

TEST(long_run_curve, ALeasedTtlLoadsOnceInItsInterval) {
  for (const double rate : rates) {
    const long_run_point at = curve_at(renewal::ttl_lease, {}, rate);
    EXPECT_EQ(at.loads_per_cycle, 1.0);
    EXPECT_NEAR(at.interval, 300.0 + 0.05 + 1.0 / rate, 1e-9);
  }
}

TEST(long_run_curve, TheLeadOfXfetchIsTheKnownIntegral) {
  for (const double beta : {0.5, 1.0, 4.0}) {
    long_run_request of;
    of.beta = beta;
    for (const double rate : rates) {
      const double scale = beta * 0.05;
      const long_run_point at = curve_at(renewal::xfetch, of, rate);
      EXPECT_NEAR(at.lead, scale * ein(rate * scale), 1e-9) << rate;
      EXPECT_NEAR(at.missed, std::exp(-rate * scale), 1e-12) << rate;
    }
  }
}

TEST(long_run_curve, LoadsOfXfetchRunFromOneToAPowerOfE) {
  for (const double beta : {0.5, 1.0, 2.0, 4.0}) {
    long_run_request of;
    of.beta = beta;
    EXPECT_NEAR(curve_at(renewal::xfetch, of, 0.001).loads_per_cycle, 1.0, 1e-4);
    EXPECT_NEAR(curve_at(renewal::xfetch, of, 10'000.0).loads_per_cycle, std::exp(1.0 / beta),
                1e-4);
  }
}

// The formula as it is written, with the inner integral worked out numerically as well.
TEST(long_run_curve, TheIntervalWithTheAgeIsTheDoubleIntegral) {
  for (const double beta : {0.5, 1.0, 2.0}) {
    for (const double rate : rates) {
      const auto unseen = [&](double age) {
        const auto chance = [&](double s) { return std::exp((1.0 - 300.0 / s) / beta); };
        return std::exp(-rate * integral(chance, 0.0, age, 40));
      };
      long_run_request of;
      of.beta = beta;
      const long_run_point at = curve_at(renewal::xfetch_age, of, rate);
      const double bare = integral(unseen, 0.0, 300.0, 400);
      EXPECT_NEAR(300.0 - at.lead, bare, 1e-6 * bare);
      EXPECT_GE(at.interval, bare + 0.05 - 1e-6);
      EXPECT_LT(at.interval, bare + 0.1 + 1e-6);  // the load, and what others add to it
    }
  }
}

TEST(long_run_curve, TheIntervalWithTheAgeDoesNotDependOnTheLoad) {
  long_run_request of;
  const double lead = curve_at(renewal::xfetch_age, of, 100.0).lead;
  of.load = 1ms;
  EXPECT_EQ(curve_at(renewal::xfetch_age, of, 100.0).lead, lead);
}

TEST(long_run_curve, DroverIsXfetchByTheMillisecondWithOneLoad) {
  for (const double rate : rates) {
    const long_run_point paper = curve_at(renewal::xfetch, {}, rate);
    const long_run_point drover = curve_at(renewal::drover, {}, rate);
    EXPECT_EQ(drover.loads_per_cycle, 1.0);
    EXPECT_LT(drover.lead, paper.lead);
    EXPECT_NEAR(drover.lead, paper.lead, 0.0005 + 0.01 * paper.lead);
    EXPECT_NEAR(drover.waited, paper.waited, 0.003);
  }
}

TEST(long_run_curve, DroverNeverLeadsByMoreThanAQuarterOfTheTtl) {
  long_run_request of;
  of.ttl = 10s;
  of.load = 500ms;
  EXPECT_GT(curve_at(renewal::xfetch, of, 1e5).lead, 3.0);
  EXPECT_LT(curve_at(renewal::drover, of, 1e5).lead, 2.5);
}

TEST(long_run_curve, MoreWaitThanMissWhenALoadMayOutlastTheValue) {
  const long_run_point at = curve_at(renewal::xfetch, {}, 100.0);
  EXPECT_NEAR(at.missed, std::exp(-5.0), 1e-12);
  // The chance that the first load begins later than one load time before the end, or nearly so.
  EXPECT_GT(at.waited, at.missed);
  EXPECT_LT(at.waited, std::exp(-5.0 * std::exp(-1.0)));
}

}  // namespace
}  // namespace drover::simulate
