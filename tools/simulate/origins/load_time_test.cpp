// SPDX-License-Identifier: MIT
// Tests of load times. Draws at evenly spaced probabilities have the mean of the distribution, so
// that the tests can compare `draw` with `mean`.
#include "simulate/origins/load_time.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace drover::simulate::load_time_test {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

load_time parse_load_time(const std::string& text) {
  const auto parsed = load_time::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(*load_time::parse("0"));
}

double mean_of_draws(const load_time& time) {
  constexpr int draws = 200'000;
  double sum = 0;
  for (int i = 0; i < draws; ++i) {
    sum += static_cast<double>(time.draw((i + 0.5) / draws).count());
  }
  return sum / draws;
}

TEST(load_time, IsTheFixedTimeWhateverIsDrawn) {
  for (const double uniform : {0.0, 0.3, 0.999999}) {
    EXPECT_EQ(parse_load_time("50").draw(uniform), 50ms);
    EXPECT_EQ(parse_load_time("0").draw(uniform), 0ms);
    EXPECT_EQ(parse_load_time("0.25").draw(uniform), 250us);
    EXPECT_EQ(parse_load_time("60000").draw(uniform), 1min);
  }
}

TEST(load_time, HasTheMeanThatItSays) {
  for (const char* const text :
       {"50", "0", "uniform:20-80", "uniform:0-60000", "uniform:7-7", "exp:50", "exp:0", "exp:0.5",
        "exp:60000", "lognormal:50:0.5", "lognormal:50:0", "lognormal:0:1", "lognormal:50:2",
        "lognormal:60000:1", "lognormal:1000:10"}) {
    const load_time time = parse_load_time(text);
    const auto reported = static_cast<double>(time.mean().count());
    EXPECT_NEAR(mean_of_draws(time), reported, 1 + reported * 0.002) << text;
  }
}

TEST(load_time, KnowsTheMeansThatBooksSay) {
  EXPECT_EQ(parse_load_time("uniform:20-80").mean(), 50ms);
  EXPECT_EQ(parse_load_time("exp:50").mean(), 50ms);
  EXPECT_NEAR(static_cast<double>(parse_load_time("lognormal:50:0.5").mean().count()),
              50'000 * std::exp(0.125), 1);
}

TEST(load_time, StaysWithinItsBoundsAndNeverDecreases) {
  for (const char* const text : {"uniform:20-80", "exp:50", "exp:60000", "lognormal:50:0.5",
                                 "lognormal:60000:10", "lognormal:0.001:10"}) {
    const load_time time = parse_load_time(text);
    microseconds before{0};
    for (const double uniform :
         {0.0, 1e-300, 1e-18, 1e-9, 0.01, 0.25, 0.5, 0.75, 0.99, 1 - 1e-9, std::nextafter(1, 0)}) {
      const microseconds drawn = time.draw(uniform);
      EXPECT_GE(drawn, before) << text << " at " << uniform;
      EXPECT_LE(drawn, 1min) << text << " at " << uniform;
      before = drawn;
    }
  }
  EXPECT_EQ(parse_load_time("uniform:20-80").draw(0), 20ms);
  EXPECT_LE(parse_load_time("uniform:20-80").draw(std::nextafter(1, 0)), 80ms);
}

TEST(load_time, HasTheQuantilesOfItsDistribution) {
  EXPECT_EQ(parse_load_time("lognormal:50:0.5").draw(0.5), 50ms);
  // One sigma above the median: a standard normal number is below 1 with probability 0.841344746.
  EXPECT_NEAR(static_cast<double>(parse_load_time("lognormal:50:0.5").draw(0.841344746).count()),
              50'000 * std::exp(0.5), 2);
  EXPECT_NEAR(static_cast<double>(parse_load_time("exp:50").draw(0.5).count()),
              50'000 * std::log(2), 1);
}

TEST(load_time, RefusesWhatIsNoTime) {
  for (const char* const text : {"",
                                 "-1",
                                 "+1",
                                 "1e3",
                                 "0x10",
                                 "inf",
                                 "nan",
                                 "50ms",
                                 " 50",
                                 "50 ",
                                 "60001",
                                 "99999999999999",
                                 "20-80",
                                 "uniform",
                                 "uniform:",
                                 "uniform:20",
                                 "uniform:80-20",
                                 "uniform:-",
                                 "uniform:1-",
                                 "uniform:1-2-3",
                                 "uniform:1:2",
                                 "exp",
                                 "exp:",
                                 "exp:-1",
                                 "exp:1-2",
                                 "exp:nan",
                                 "lognormal:5",
                                 "lognormal:5:",
                                 "lognormal:5:0.5:1",
                                 "lognormal:5:11",
                                 "lognormal:5-1",
                                 "normal:5:1",
                                 ":50",
                                 ":",
                                 ".",
                                 "..",
                                 "1.2.3",
                                 "EXP:50",
                                 "exp:60001",
                                 "lognormal:60001:1",
                                 "uniform:1-60001",
                                 "lognormal:5:-1"}) {
    EXPECT_FALSE(load_time::parse(text)) << text;
  }
  EXPECT_FALSE(load_time::parse(std::string_view{"5\0", 2}));
}

TEST(load_time, KeepsItsText) {
  EXPECT_EQ(parse_load_time("uniform:20-80").text(), "uniform:20-80");
}

TEST(load_time, SpeaksToPeople) {
  EXPECT_EQ(parse_load_time("50").in_words(), "50 ms");
  EXPECT_EQ(parse_load_time("2000").in_words(), "2 s");
  EXPECT_EQ(parse_load_time("0.5").in_words(), "0.5 ms");
  EXPECT_EQ(parse_load_time("uniform:20-80").in_words(), "20 to 80 ms, uniform");
  EXPECT_EQ(parse_load_time("uniform:1000-2500").in_words(), "1 to 2.5 s, uniform");
  EXPECT_EQ(parse_load_time("uniform:500-2000").in_words(), "500 ms to 2 s, uniform");
  EXPECT_EQ(parse_load_time("exp:50").in_words(), "50 ms on average, exponential");
  EXPECT_EQ(parse_load_time("lognormal:50:0.5").in_words(),
            "half below 50 ms, log-normal (sigma 0.5)");
}

TEST(load_time, NamesOnlyFormsThatItTakes) {
  const std::string forms{load_time::forms()};
  for (const char* const form : {"50", "uniform:20-80", "exp:50", "lognormal:50:0.5"}) {
    EXPECT_NE(forms.find(form), std::string::npos);
    EXPECT_TRUE(load_time::parse(form));
  }
}

}  // namespace
}  // namespace drover::simulate::load_time_test
