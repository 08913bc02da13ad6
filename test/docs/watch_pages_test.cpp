// SPDX-License-Identifier: MIT
// Tests of the code in docs/how-to/metrics.md, and that docs/how-to/operate.md explains every event
// and every counter.
#include <drover/cache.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <string_view>

#include "support/cached_origin.hpp"
#include "support/document.hpp"
#include "support/redis_server.hpp"

namespace drover::test::watch_pages_test {
namespace {

using namespace std::chrono_literals;

// The counters of one cache in Prometheus' text format.
std::string metrics_text(std::string_view cache_name, const drover::cache_stats& stats) {
  const std::string label = "{cache=\"" + std::string{cache_name} + "\"";
  std::string text;
  const auto add = [&](std::string_view name, std::uint64_t value, const std::string& more = {}) {
    text += "drover_" + std::string{name} + label + more + "} " + std::to_string(value) + "\n";
  };
  add("hits_total", stats.hits);
  add("stale_served_total", stats.stale_served);
  add("misses_total", stats.misses);
  add("loads_total", stats.loads);
  add("loads_avoided_total", stats.loads_avoided);
  add("bypasses_total", stats.bypasses);
  add("failures_total", stats.failures);
  add("refused_total", stats.refused);
  add("fills_refused_total", stats.fills_refused);
  add("invalidations_total", stats.invalidations);
  add("invalidations_unknown_total", stats.invalidations_unknown);
  for (std::size_t i = 0; i < stats.faults.size(); ++i) {
    const auto code = static_cast<drover::fault_code>(i);
    add("faults_total", stats.faults[i], ",code=\"" + std::string{to_string(code)} + "\"");
  }
  std::uint64_t waits = 0;  // a histogram: how long calls waited for the load of another caller
  for (std::size_t i = 0; i + 1 < stats.waits.size(); ++i) {
    waits += stats.waits[i];
    add("wait_ms_bucket", waits, ",le=\"" + std::to_string(std::uint64_t{1} << i) + "\"");
  }
  waits += stats.waits.back();
  add("wait_ms_bucket", waits, ",le=\"+Inf\"");
  add("wait_ms_count", waits);
  return text;
}

// Sums up load times by outcome. It only adds to atomic numbers, so it is short and thread-safe.
class load_times : public drover::observer {
 public:
  void on_event(const drover::event& event) override {
    if (event.kind == drover::event_kind::load_finished) add(finished_, event);
    if (event.kind == drover::event_kind::load_failed) add(failed_, event);
  }

  struct sum {
    std::atomic<std::uint64_t> loads{0};
    std::atomic<std::uint64_t> total_ms{0};
  };
  const sum& finished() const { return finished_; }
  const sum& failed() const { return failed_; }

 private:
  static void add(sum& to, const drover::event& event) {
    ++to.loads;
    to.total_ms += static_cast<std::uint64_t>(event.took.count());
  }

  sum finished_;
  sum failed_;
};

TEST(metrics_page, ShowsTheCountersAsText) {
  const redis_server server;
  const auto times = std::make_shared<load_times>();
  client_options options = cache_setup{.url = server.url()}.client();
  options.event_observer = times;
  client redis{options};
  drover::cache<std::string> users{redis,
                                   {.name = "user", .policy = {.ttl = 60s}},
                                   [](std::string_view key) { return std::string{key}; }};
  static_cast<void>(users.get("42"));
  static_cast<void>(users.get("42"));
  const std::string text = metrics_text("user", users.stats());
  for (const char* line :
       {"drover_hits_total{cache=\"user\"} 1\n", "drover_loads_total{cache=\"user\"} 1\n",
        "drover_faults_total{cache=\"user\",code=\"unreachable\"} 0\n",
        "drover_wait_ms_bucket{cache=\"user\",le=\"1\"} 0\n",
        "drover_wait_ms_bucket{cache=\"user\",le=\"+Inf\"} 0\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
  EXPECT_EQ(times->finished().loads, 1U);
  EXPECT_EQ(times->failed().loads, 0U);
}

/// The first cells of all table rows of a page, without their backquotes.
std::set<std::string> row_names(const std::string& page) {
  std::set<std::string> names;
  const std::regex row{"\n\\| `([a-z_]+)` \\|"};
  for (std::sregex_iterator at{page.begin(), page.end(), row}, end; at != end; ++at) {
    names.insert((*at)[1]);
  }
  return names;
}

TEST(operate_page, ExplainsEveryEvent) {
  const std::set<std::string> explained = row_names(document("docs/how-to/operate.md"));
  std::size_t kinds = 0;
  for (; to_string(static_cast<event_kind>(kinds)) != "unknown"; ++kinds) {
    const std::string name{to_string(static_cast<event_kind>(kinds))};
    EXPECT_EQ(explained.count(name), 1U) << name;
  }
  EXPECT_GE(kinds, 25U);
}

TEST(operate_page, ExplainsEveryCounter) {
  const std::set<std::string> explained = row_names(document("docs/how-to/operate.md"));
  const std::string header = document("include/drover/stats.hpp");
  const std::regex counter{
      R"re(std::(?:uint64_t|array<std::uint64_t, [a-z_]+>) ([a-z_]+)(?:\s*=\s*0;|\{\};))re"};
  std::size_t counters = 0;
  for (std::sregex_iterator at{header.begin(), header.end(), counter}, end; at != end; ++at) {
    ++counters;
    EXPECT_EQ(explained.count((*at)[1]), 1U) << (*at)[1];
  }
  EXPECT_GE(counters, 26U);
}

}  // namespace
}  // namespace drover::test::watch_pages_test
