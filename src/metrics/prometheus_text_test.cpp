// SPDX-License-Identifier: MIT
// test/monitoring lets a real Prometheus read the text.
#include <drover/prometheus.hpp>

#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "metrics/label_value.hpp"
#include "support/document.hpp"

namespace drover::metrics::prometheus_text_test {
namespace {

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(prometheus_text, HasACounterForEachCounter) {
  cache_stats stats;
  stats.hits = 7;
  stats.faults[static_cast<std::size_t>(fault_code::corrupt)] = 3;
  prometheus_text metrics;
  metrics.add("user", stats);
  const std::string text = metrics.text();
  EXPECT_TRUE(has_line(text, "drover_cache_hits_total{cache=\"user\"} 7")) << text;
  EXPECT_TRUE(has_line(text, "drover_cache_faults_total{cache=\"user\",code=\"corrupt\"} 3"));
  EXPECT_TRUE(has_line(text, "drover_cache_faults_total{cache=\"user\",code=\"superseded\"} 0"));
  EXPECT_EQ(text.find("drover_client"), std::string::npos);

  const std::string header = test::document("include/drover/stats.hpp");
  const std::regex counter{"\n  std::uint64_t ([a-z_]+) = 0;"};
  std::size_t counters = 0;
  for (std::sregex_iterator at{header.begin(), header.end(), counter}, end; at != end; ++at) {
    if ((*at)[1] == "waits_us") continue;  // the sum of the histogram
    ++counters;
    EXPECT_NE(text.find("\ndrover_cache_" + std::string{(*at)[1]} + "_total{"), std::string::npos)
        << (*at)[1] << " is missing";
  }
  EXPECT_GE(counters, 24U);
}

TEST(prometheus_text, DescribesEachMetricOnceBeforeAllItsSamples) {
  prometheus_text metrics;
  metrics.add("a", cache_stats{});
  metrics.add("b", cache_stats{});
  metrics.add("main", availability_report{});
  metrics.add("other", availability_report{});
  std::istringstream lines{metrics.text()};
  std::set<std::string> described;
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    const std::string kind = line.substr(0, 7);
    if (kind == "# HELP " || kind == "# TYPE ") {
      last = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(described.insert(kind + last).second) << line;
    } else {
      EXPECT_EQ(line.rfind(last, 0), 0U) << line << " is not below the lines of its metric";
    }
  }
  EXPECT_GT(described.size(), 50U);
}

TEST(prometheus_text, HasAHistogramOfWaitsInSeconds) {
  cache_stats stats;
  stats.waits[0] = 1;
  stats.waits[2] = 2;
  stats.waits.back() = 4;
  stats.waits_us = 300'000'007'500;
  prometheus_text metrics;
  metrics.add("user", stats);
  const std::string text = metrics.text();
  const std::string name = "drover_cache_wait_seconds";
  for (const char* line :
       {"_bucket{cache=\"user\",le=\"0.001\"} 1", "_bucket{cache=\"user\",le=\"0.002\"} 1",
        "_bucket{cache=\"user\",le=\"0.004\"} 3", "_bucket{cache=\"user\",le=\"1.024\"} 3",
        "_bucket{cache=\"user\",le=\"65.536\"} 3", "_bucket{cache=\"user\",le=\"+Inf\"} 7",
        "_sum{cache=\"user\"} 300000.0075", "_count{cache=\"user\"} 7"}) {
    EXPECT_TRUE(has_line(text, name + line)) << line << "\n" << text;
  }
}

TEST(prometheus_text, SumsUpCountersOfOneName) {
  cache_stats stats;
  stats.loads = 2;
  stats.waits[1] = 1;
  stats.waits_us = 1500;
  prometheus_text metrics;
  metrics.add("user", stats);
  metrics.add("user", stats);
  const std::string text = metrics.text();
  EXPECT_TRUE(has_line(text, "drover_cache_loads_total{cache=\"user\"} 4"));
  EXPECT_TRUE(has_line(text, "drover_cache_wait_seconds_sum{cache=\"user\"} 0.003"));
  EXPECT_TRUE(has_line(text, "drover_cache_wait_seconds_count{cache=\"user\"} 2"));
}

TEST(prometheus_text, HasOneStateOfEachClient) {
  prometheus_text metrics;
  metrics.add("main", {.state = availability::available});
  metrics.add("main", {.state = availability::away, .reason = "gone"});
  EXPECT_EQ(metrics.text(),
            "# HELP drover_client_state 1 for the present state of the server, else 0.\n"
            "# TYPE drover_client_state gauge\n"
            "drover_client_state{client=\"main\",state=\"unknown\"} 0\n"
            "drover_client_state{client=\"main\",state=\"available\"} 0\n"
            "drover_client_state{client=\"main\",state=\"away\"} 1\n"
            "drover_client_state{client=\"main\",state=\"refused\"} 0\n");
}

TEST(prometheus_text, IsEmptyWithoutCachesAndAppends) {
  EXPECT_EQ(prometheus_text{}.text(), "");
  prometheus_text metrics;
  metrics.add("a", cache_stats{});
  std::string out = "my_metric 1\n";
  metrics.append_to(out);
  EXPECT_EQ(out, "my_metric 1\n" + metrics.text());
}

TEST(label_value, IsEscapedAndAlwaysUtf8) {
  EXPECT_EQ(label_value("a\\b\"c\nd"), "a\\\\b\\\"c\\nd");
  EXPECT_EQ(label_value("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"),
            "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(label_value("\xFFx"), bad + "x");
  EXPECT_EQ(label_value("\xC3"), bad) << "cut";
  EXPECT_EQ(label_value("\xC0\xAF"), bad + bad) << "longer than necessary";
  EXPECT_EQ(label_value("\xED\xA0\x80"), bad + bad + bad) << "a surrogate";
  EXPECT_EQ(label_value("\xF4\x90\x80\x80"), bad + bad + bad + bad) << "beyond Unicode";
}

}  // namespace
}  // namespace drover::metrics::prometheus_text_test
